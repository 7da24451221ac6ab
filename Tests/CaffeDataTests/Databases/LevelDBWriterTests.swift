import CaffeData
import Foundation
import Testing

@Suite struct `LevelDB writer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `stores more than fits into memory at a time, in the order of the keys`() throws {
    let path = folder.file("db")
    let writer = try LevelDBWriter(creating: path)
    // Bytes that do not compress, so that there are several tables.
    let value = { (index: Int) in (0..<30000).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 31 + index) >> 3) } }
    for index in (0..<2500).reversed() { try writer.put(value(index), key: recordKey(index)) }
    try writer.finish()
    let cursor = try openDatabase(path, .levelDB).makeCursor()
    for index in 0..<2500 {
      let record = try cursor.next()
      #expect(record.name == recordKey(index))
      if index % 50 == 0 { #expect(record.value == value(index)) }
    }
    #expect(cursor.turns == 0)
    #expect(try cursor.next().name == recordKey(0))
  }

  @Test func `leaves nothing in the journal, so that whatever is cut off is missed`() throws {
    let writer = try LevelDBWriter(creating: folder.file("db"))
    for index in 0..<10 { try writer.put(Array(repeating: 1, count: 500), key: recordKey(index)) }
    try writer.finish()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.file("db")) where name.hasSuffix(".log") {
      try FileManager.default.removeItem(atPath: "\(folder.file("db"))/\(name)")
    }
    #expect(try LevelDBDatabase(path: folder.file("db")).count == 10)
  }

  @Test func `replaces the record of a key`() throws {
    let writer = try LevelDBWriter(creating: folder.file("db"))
    try writer.put([1], key: "a")
    try writer.put([2], key: "a")
    try writer.finish()
    let database = try openDatabase(folder.file("db"))
    #expect(try database.count == 1)
    #expect(try database.makeCursor().next() == Record(key: [97], value: [2]))
  }

  @Test func `does not touch what exists`() {
    let text = message { _ = try LevelDBWriter(creating: folder.path) }
    #expect(text.contains("mkdir \(folder.path) failed: File exists"))
  }
}
