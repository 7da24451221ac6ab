import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Testing

@Suite struct `HDF5Data layer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    ("big_batch", "hdf5_one.txt"), ("one_file", "hdf5_one.txt"), ("packed", "hdf5_packed.txt"),
    ("several_files", "hdf5_list.txt"), ("top_order", "hdf5_list.txt"),
  ])
  func `puts out the batches of Caffe`(name: String, list: String) throws {
    let golden = try GoldenBatches("HDF5Data_\(name)")
    // The lists name files in their own folder, which is not where tests run.
    let names = try String(contentsOfFile: fixture(list), encoding: .utf8).split(separator: "\n")
    let prototxt = golden.prototxt.replacingOccurrences(
      of: "source: \"\(list)\"", with: "source: \"\(try self.list(names.map { fixture(String($0)) }))\"")
    try golden.check(LayerRunner<HDF5DataLayer>(prototxt, phase: golden.phase))
  }

  @Test func `shuffles files and rows so that each pass has every row once`() throws {
    let source = try list([file(rows: 0..<5), file(rows: 5..<7), file(rows: 7..<13)])
    let runner = try LayerRunner<HDF5DataLayer>(net(source, 13, "shuffle: true"))
    let passes = try (0..<6).map { _ in try runner.pass()[0] }
    for pass in passes {
      #expect(pass.sorted() == (0..<13).map(Float.init))
      // The rows of a file stay together.
      let files = pass.map { $0 < 5 ? 0 : $0 < 7 ? 1 : 2 }
      #expect(zip(files, files.dropFirst()).count { $0 != $1 } == 2)
    }
    #expect(Set(passes).count == 6)
    #expect(try LayerRunner<HDF5DataLayer>(net(source, 13, "shuffle: true")).pass()[0] == passes[0])
    #expect(try LayerRunner<HDF5DataLayer>(net(source, 13, "shuffle: true"), seed: 2).pass()[0] != passes[0])
  }

  @Test func `goes on from a stored position as if nothing had happened`() throws {
    let text = try net(list([file(rows: 0..<5), file(rows: 5..<12)]), 4, "shuffle: true")
    let whole = try LayerRunner<HDF5DataLayer>(text, seed: 7)
    try whole.passes(5)
    let resumed = try LayerRunner<HDF5DataLayer>(text, seed: 8)
    resumed.layer.restore(seed: whole.layer.seed, position: whole.layer.position)
    #expect(try resumed.passes(9) == whole.passes(9))
  }

  @Test func `shares the rows among solvers in TRAIN, not in TEST`() throws {
    let text = try net(list([file(rows: 0..<5), file(rows: 5..<7)]), 3)
    func rows(_ phase: Phase, _ rank: Int) throws -> [Float] {
      try LayerRunner<HDF5DataLayer>(text, phase: phase, rank: rank, solverCount: 2).passes(2)
    }
    #expect(try rows(.train, 0) == [0, 2, 4, 6, 1, 3])
    #expect(try rows(.train, 1) == [1, 3, 5, 0, 2, 4])
    #expect(try rows(.test, 1) == [0, 1, 2, 3, 4, 5])
  }

  @Test func `passes over files without rows`() throws {
    let text = try net(list([file(rows: 0..<0), file(rows: 3..<5), file(rows: 0..<0)]), 5)
    #expect(try LayerRunner<HDF5DataLayer>(text).pass()[0] == [3, 4, 3, 4, 3])
  }

  @Test func `transforms the first top when it holds images, and no other`() throws {
    let path = try file {
      try $0.write((0..<32).map(Float.init), shape: [2, 1, 4, 4], to: "data")
      try $0.write([7, 8] as [Float], shape: [2, 1], to: "label")
    }
    let settings = "transform_param { crop_size: 2 scale: 10 mean_value: 1 } top:"
    let text = try net(list([path]), 2).replacingOccurrences(of: "top:", with: settings)
      .replacing("top: \"data\"", with: "top: \"data\" top: \"label\"")
    let runner = try LayerRunner<HDF5DataLayer>(text)
    #expect(runner.tops[0].shape == [2, 1, 2, 2])
    #expect(try runner.pass() == [[40, 50, 80, 90, 200, 210, 240, 250], [7, 8]])
  }

  // MARK: Bad input

  @Test func `refuses to transform anything but images`() throws {
    let text = try net(list([file(rows: 0..<1)]), 1).replacingOccurrences(of: "top:", with: "transform_param {} top:")
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(text) }.contains("HDF5Data does not transform data."))
    let small = try file { try $0.write([0, 0, 0, 0] as [Float], shape: [1, 1, 2, 2], to: "data") }
    let crop = try net(list([small]), 1).replacingOccurrences(of: "top:", with: "transform_param { crop_size: 3 } top:")
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(crop) }.contains("crop_size 3 is larger than the image"))
  }

  @Test func `says that the list is missing, empty, or no list`() throws {
    #expect(
      message { _ = try LayerRunner<HDF5DataLayer>(net("/absent", 1)) }.contains("Failed to open source file: /absent"))
    #expect(
      message { _ = try LayerRunner<HDF5DataLayer>(net(list([]), 1)) }.contains("Must have at least 1 HDF5 filename"))
    let file = try file(rows: 0..<1)
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(file, 1)) }.contains("is an HDF5 file itself"))
  }

  @Test func `says in words why a list cannot be read`() throws {
    for (path, words) in [
      ("/absent", "Failed to open source file: /absent: No such file or directory"),
      (folder.path, ": it is a directory"),
      (try folder.write("utf16", [0xFF, 0xFE, 0x61, 0]), ": it is in UTF-16; save it in UTF-8"),
      (try folder.write("latin1", Array("a\n".utf8) + [0xE9]), ": line 2 is not UTF-8"),
      (try folder.write("packed", [0x1F, 0x8B, 8]), ": it is packed with gzip; unpack it first"),
    ] {
      let text = message { _ = try LayerRunner<HDF5DataLayer>(net(path, 1)) }
      #expect(text.contains(words) && !text.contains("CocoaError"), "\(text)")
    }
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(list([folder.path]), 1)) }.contains("it is a directory"))
  }

  @Test func `takes lists with a byte order mark, ends of lines of Windows, and names with blanks`() throws {
    let first = try file(rows: 0..<1)
    let second = folder.file("with blank.h5")
    try FileManager.default.moveItem(atPath: file(rows: 1..<2), toPath: second)
    let list = try folder.write("list.txt", "\u{FEFF}\(first)\r\n\r\n\(second)\r\n".utf8)
    let rows = try LayerRunner<HDF5DataLayer>(net(list, 2)).pass()
    #expect(try rows == LayerRunner<HDF5DataLayer>(net(self.list([file(rows: 0..<2)]), 2)).pass())
  }

  @Test func `says that a file of the list is missing or no HDF5`() throws {
    #expect(
      message { _ = try LayerRunner<HDF5DataLayer>(net(list(["/absent.h5"]), 1)) }.contains("/absent.h5: cannot open"))
    let text = try folder.write("text", "text".utf8)
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(list([text]), 1)) }.contains("no HDF5 signature"))
  }

  @Test func `says which dataset is missing and what there is`() throws {
    let text = try net(list([file(rows: 0..<1)]), 1).replacingOccurrences(of: "\"data\"", with: "\"label\"")
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(text) }.contains("has no dataset \"label\"; it has data"))
  }

  @Test func `refuses rows of different shapes`() throws {
    let first = try file(rows: 0..<2)
    let other = try file { try $0.write([1, 2] as [Float], shape: [1, 2], to: "data") }
    let text = message { _ = try LayerRunner<HDF5DataLayer>(net(list([first, other]), 1)) }
    #expect(text.contains("dataset \"data\" has rows of shape 2 (2) in"))
  }

  @Test func `refuses datasets of different lengths in one file`() throws {
    let path = try file {
      try $0.write([1, 2] as [Float], shape: [2], to: "data")
      try $0.write([1, 2, 3] as [Float], shape: [3], to: "label")
    }
    let text = try net(list([path]), 1).replacingOccurrences(of: "top:", with: "top: \"label\" top:")
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(text) }.contains("has 2 rows, but \"label\" has 3"))
  }

  @Test func `refuses scalars, texts and files without any rows`() throws {
    let scalar = try file { try $0.write([1] as [Float], shape: [], to: "data") }
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(list([scalar]), 1)) }.contains("is a scalar"))
    let text = try file { try $0.write("text", to: "data") }
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(list([text]), 1)) }.contains("does not hold numbers"))
    let empty = try file(rows: 0..<0)
    #expect(message { _ = try LayerRunner<HDF5DataLayer>(net(list([empty]), 1)) }.contains("have no rows"))
  }

  @Test func `refuses an empty batch`() throws {
    #expect(
      message { _ = try LayerRunner<HDF5DataLayer>(net(list([file(rows: 0..<1)]), 0)) }.contains("batch_size is 0"))
  }

  private func net(_ source: String, _ batchSize: Int, _ settings: String = "") -> String {
    """
    layer {
      type: "HDF5Data" top: "data" hdf5_data_param { source: "\(source)" batch_size: \(batchSize) \(settings) }
    }
    """
  }

  private func list(_ files: [String]) throws -> String {
    try folder.write("list-\(UUID().uuidString).txt", files.joined(separator: "\n ").utf8)
  }

  /// A file whose rows are the numbers of the range.
  private func file(rows: Range<Int>) throws -> String {
    try file { try $0.write(rows.map(Float.init), shape: [rows.count], to: "data") }
  }

  private func file(_ write: (HDF5Group) throws -> Void) throws -> String {
    let path = folder.file("\(UUID().uuidString).h5")
    let file = try HDF5File(creating: path)
    try write(file.root)
    try file.flush()
    return path
  }
}
