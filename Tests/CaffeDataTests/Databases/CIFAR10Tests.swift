import CaffeData
import CaffeProto
import Foundation
import Testing

@Suite struct `CIFAR-10` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: DatabaseBackend.allCases)
  func `becomes a database of training images and one of test images`(backend: DatabaseBackend) throws {
    try writeBatches()
    var steps: [CIFAR10Progress] = []
    try convertCIFAR10(input: folder.path, output: folder.path, backend: backend, itemCount: 2) { steps.append($0) }
    #expect(steps.prefix(3) == [.database("train"), .file(1), .records(1)] && steps.last == .records(12))
    let train = try openDatabase(folder.file("cifar10_train_\(backend.rawValue)"), backend)
    #expect(try train.count == 10)
    let cursor = train.makeCursor()
    for (index, key) in ["00000", "00001", "10000", "10001"].enumerated() {
      let record = try cursor.next()
      let datum = try Datum(serializedBytes: record.value)
      #expect(record.name == key)
      #expect([datum.channels, datum.height, datum.width, datum.label] == [3, 32, 32, Int32(index)])
      #expect(datum.data == Data(repeating: UInt8(index), count: 3072))
    }
    let test = try openDatabase(folder.file("cifar10_test_\(backend.rawValue)"), backend)
    #expect(try test.makeCursor().next().name == "00000")
  }

  @Test func `refuses a batch that is cut short or too long`() throws {
    try writeBatches()
    let bytes = try Data(contentsOf: URL(filePath: folder.file("data_batch_1.bin")))
    _ = try folder.write("data_batch_1.bin", bytes.dropLast())
    #expect(message { try convert() }.contains("the file ends 1 bytes too early"))
    _ = try folder.write("data_batch_1.bin", bytes + [0])
    #expect(message { try convert() }.contains("there are more than 2 records"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("cifar10_train_lmdb")))
  }

  private func convert() throws {
    try convertCIFAR10(input: folder.path, output: folder.path, backend: .lmdb, itemCount: 2)
  }

  /// Files of two records each, whose bytes and labels count up.
  private func writeBatches() throws {
    for (file, name) in ((1...5).map { "data_batch_\($0)" } + ["test_batch"]).enumerated() {
      let records = (0..<2).flatMap { Array(repeating: UInt8(2 * file + $0), count: 3073) }
      _ = try folder.write(name + ".bin", records)
    }
  }
}
