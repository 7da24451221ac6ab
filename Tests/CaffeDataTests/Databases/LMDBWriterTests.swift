import CaffeData
import Foundation
import Testing

@Suite struct `LMDB writer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `stores more than the first map holds, in the order of the keys`() throws {
    let path = folder.file("db")
    let writer = try LMDBWriter(creating: path)
    for index in (0..<2500).reversed() {
      try writer.put(Array(repeating: UInt8(index % 251), count: 9000), key: recordKey(index))
    }
    try writer.finish()
    let database = try LMDBDatabase(path: path)
    #expect(database.count == 2500)
    let cursor = database.makeCursor()
    for index in 0..<2500 {
      let record = try cursor.next()
      #expect(record.name == recordKey(index))
      #expect(record.value == Array(repeating: UInt8(index % 251), count: 9000))
    }
  }

  @Test func `replaces the record of a key`() throws {
    let path = folder.file("db")
    let writer = try LMDBWriter(creating: path)
    try writer.put([1], key: "a")
    try writer.put([2], key: "a")
    try writer.finish()
    let database = try LMDBDatabase(path: path)
    #expect(database.count == 1)
    #expect(try database.makeCursor().next() == Record(key: [97], value: [2]))
  }

  @Test func `makes a folder with Caffe's permissions`() throws {
    try LMDBWriter(creating: folder.file("db")).finish()
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("db"))
    #expect((attributes[.posixPermissions] as? Int) == 0o744)
  }

  @Test func `does not touch a folder that exists`() {
    let text = message { _ = try LMDBWriter(creating: folder.path) }
    #expect(text.contains("mkdir \(folder.path) failed: File exists"))
    #expect(text.contains("remove it, or give another name"))
  }

  @Test func `says that the folder above is missing`() {
    #expect(message { _ = try LMDBWriter(creating: "/absent/db") }.contains("check that the folder above exists"))
  }

  @Test func `refuses a key that is too long or empty`() throws {
    let writer = try LMDBWriter(creating: folder.file("db"))
    #expect(
      message { try writer.put([1], key: String(repeating: "x", count: 512)) }.contains(
        "has 512 bytes; a key has 1 to 511"))
    #expect(message { try writer.put([1], key: "") }.contains("has 0 bytes"))
  }
}
