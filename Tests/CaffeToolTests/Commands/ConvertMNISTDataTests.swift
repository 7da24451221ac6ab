import Caffe
import Foundation
import Testing

@Suite struct `convert_mnist_data` {
  @Test func `needs three operands`() throws {
    let run = try Run("images", "labels", as: "convert_mnist_data")
    #expect(run.status == 2)
    #expect(run.errors.contains("db_file"))
  }

  @Test func `refuses an unknown backend`() throws {
    let run = try Run("-backend", "sqlite", "images", "labels", "db", as: "convert_mnist_data")
    #expect(run.status == 2)
    #expect(run.errors.contains("Unknown database backend"))
  }

  @Test func `makes a database of images and labels`() throws {
    let folder = try Scratch()
    try folder.write(Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]), to: "images")
    try folder.write(Data([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), to: "labels")
    let run = try Run("convert_mnist_data", "--backend=lmdb", "images", "labels", "db", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages == ["Processed 2 files.", "A total of 2 items.", ""])

    let cursor = try openDatabase(folder.url.path + "/db").makeCursor()
    for (name, pixels, label) in [("00000000", [1, 2, 3], 7), ("00000001", [4, 5, 6], 9)] as [(String, [UInt8], Int32)]
    {
      let record = try cursor.next()
      let datum = try Datum(serializedBytes: record.value)
      #expect(record.name == name)
      #expect([datum.channels, datum.height, datum.width, datum.label] == [1, 1, 3, label])
      #expect(datum.data == Data(pixels))
    }

    let again = try Run("convert_mnist_data", "images", "labels", "db", in: folder.url)
    #expect(again.status == 1)
    #expect(again.errors.contains("mkdir db failed"))
  }

  @Test func `refuses labels in the place of images`() throws {
    let folder = try Scratch()
    try folder.write(Data([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), to: "labels")
    let run = try Run("labels", "labels", "db", as: "convert_mnist_data", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("labels"))
    #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/db"))
  }
}
