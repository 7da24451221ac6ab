import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Testing

@Suite struct `LevelDB database` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `gives the records that convert_imageset stored`() throws {
    let copy = try HDF5File(reading: fixture("lmdb_same.records.h5")).root
    let keys = try copy.string(attribute: "keys").split(separator: "\n").map(String.init)
    let database = try LevelDBDatabase(path: fixture("leveldb_same"))
    #expect(try database.count == keys.count)
    let cursor = database.makeCursor()
    for (index, key) in keys.enumerated() {
      let record = try cursor.next()
      #expect(record.name == key)
      let datum = try Datum(serializedBytes: record.value)
      #expect(try Array(datum.data) == copy.dataset("data/\(index)").integers().map { UInt8($0) })
      #expect(try Int(datum.label) == copy.dataset("label").integers()[index])
    }
  }

  @Test func `gives the newest version of each record in tables and journals, and none that was removed`() throws {
    let isSame = try records(fixture("leveldb_mixed")) == expected()
    #expect(isSame)
  }

  @Test func `starts over behind the last record, and counts the records when it gets there`() throws {
    let database = try LevelDBDatabase(path: fixture("leveldb_mixed"))
    let cursor = database.makeCursor()
    let expected = try expected()
    for turn in 0..<3 {
      for record in expected {
        #expect(try cursor.next() == record)
        #expect(cursor.turns == turn)
      }
    }
    #expect(try database.count == expected.count)
  }

  @Test func `skips to any record`() throws {
    let records = try expected()
    for skipped in [0, 1, 2, 100, records.count - 1, records.count, records.count + 5, 3 * records.count + 7] {
      let cursor = try LevelDBDatabase(path: fixture("leveldb_mixed")).makeCursor()
      try cursor.skip(skipped)
      #expect(try cursor.next() == records[skipped % records.count])
      try cursor.skip(skipped)
      #expect(try cursor.next() == records[(2 * skipped + 1) % records.count])
    }
  }

  @Test func `tells how far it is`() throws {
    let cursor = try LevelDBDatabase(path: fixture("leveldb_mixed")).makeCursor()
    var last = 0.0
    for _ in 0..<(try expected().count) {
      _ = try cursor.next()
      #expect(cursor.progress >= last && cursor.progress <= 1)
      last = cursor.progress
    }
    #expect(last > 0.5)
  }

  @Test func `may be open twice and changes nothing, even where nothing can be changed`() throws {
    let path = folder.file("db")
    try FileManager.default.copyItem(atPath: fixture("leveldb_mixed"), toPath: path)
    let before = try contents(path)
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    let first = try LevelDBDatabase(path: path).makeCursor()
    let second = try LevelDBDatabase(path: path).makeCursor()
    for _ in 0..<50 { #expect(try first.next() == second.next()) }
    #expect(try contents(path) == before)
  }

  @Test func `reads a database that is still being written, as far as it is stored`() throws {
    let writer = try LevelDBWriter(creating: folder.file("db"))
    for index in 0..<1500 { try writer.put([UInt8(index % 256)], key: recordKey(index)) }
    #expect(try LevelDBDatabase(path: folder.file("db.partial")).count == 1000)
    try writer.finish()
    #expect(try LevelDBDatabase(path: folder.file("db")).count == 1500)
  }

  // MARK: Bad input

  @Test func `says that a file is missing`() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: fixture("leveldb_mixed")) {
      // A journal without a file is one that holds nothing.
      if name.hasSuffix(".log") { continue }
      let path = folder.file(name)
      try FileManager.default.copyItem(atPath: fixture("leveldb_mixed"), toPath: path)
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      let text = message { _ = try openDatabase(path) }
      #expect(text.hasPrefix("\(path)/\(name): No such file or directory") && text.contains("copy it again"))
    }
  }

  @Test func `leaves out the batch that a killed program did not finish, and says so`() throws {
    let path = folder.file("db")
    try FileManager.default.copyItem(atPath: fixture("leveldb_mixed"), toPath: path)
    let journal = URL(filePath: path + "/000043.log")
    try Data(contentsOf: journal).dropLast(3).write(to: journal)
    let database = try openDatabase(path)
    #expect(database.notice?.contains("the last batch of its journal is incomplete and left out") == true)
    let expected = try expected().filter { $0.name != "empty" }
    let isSame = try records(path) == expected
    #expect(isSame)
    #expect(try openDatabase(fixture("leveldb_mixed")).notice == nil)
  }

  @Test func `says that a file was cut short, wherever`() throws {
    let path = folder.file("db")
    try FileManager.default.copyItem(atPath: fixture("leveldb_mixed"), toPath: path)
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where !["CURRENT", "000043.log"].contains(name) {
      let bytes = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
      for cut in [1, 7, bytes.count / 2, bytes.count - 3] {
        try bytes.prefix(bytes.count - cut).write(to: URL(filePath: "\(path)/\(name)"))
        #expect(message { _ = try records(path) }.hasPrefix("\(path)/\(name): "), "\(name) without \(cut) bytes")
      }
      try bytes.write(to: URL(filePath: "\(path)/\(name)"))
    }
    let isSame = try records(path) == expected()
    #expect(isSame)
  }

  @Test func `notices any damage that matters`() throws {
    var random = Random(seed: 1)
    let path = folder.file("db")
    try FileManager.default.copyItem(atPath: fixture("leveldb_mixed"), toPath: path)
    let expected = try expected()
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/\(name)")))
      for _ in 0..<60 {
        var damaged = bytes
        for _ in 0..<1 + random.below(3) {
          // The end of a table tells where everything is, and no checksum covers it.
          let reach = random.below(2) == 0 ? bytes.count : min(60, bytes.count)
          damaged[bytes.count - 1 - random.below(reach)] = UInt8(truncatingIfNeeded: random.next())
        }
        try Data(damaged).write(to: URL(filePath: "\(path)/\(name)"))
        guard let database = try? openDatabase(path), let found = try? records(path) else { continue }
        // A last record of the journal that seems to reach beyond the file's end is one that a killed program left.
        let isTorn = name == "000043.log" && database.notice != nil
        let isSame = found == expected
        #expect(isSame || isTorn, "\(name)")
      }
      try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }
  }

  @Test func `believes no forged length`() throws {
    let path = folder.file("db")
    try FileManager.default.copyItem(atPath: fixture("leveldb_same"), toPath: path)
    let table = URL(filePath: path + "/000005.ldb")
    var bytes = try Data(contentsOf: table)
    // The place of the index: start 0, length 2⁶³ − 1.
    bytes.replaceSubrange(
      bytes.count - 48..<bytes.count - 34, with: [0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0])
    try bytes.write(to: table)
    #expect(message { _ = try openDatabase(path) }.contains("the place of its index makes no sense"))
  }

  @Test func `says that there are no records`() throws {
    try LevelDBWriter(creating: folder.file("db")).finish()
    #expect(message { _ = try openDatabase(folder.file("db")) }.contains("the database has no records"))
  }

  @Test func `says that it is asked for as the other kind`() {
    let text = message { _ = try openDatabase(fixture("leveldb_same"), .lmdb) }
    #expect(text.contains("this is a database of the kind LevelDB, but LMDB was asked for"))
    let other = message { _ = try openDatabase(fixture("lmdb_same"), .levelDB) }
    #expect(other.contains("this is a database of the kind LMDB, but LevelDB was asked for"))
  }

  private func records(_ path: String) throws -> [Record] {
    let database = try openDatabase(path)
    var records: [Record] = []
    try database.forEachRecord { record, _ in records.append(record) }
    return records
  }

  /// What the list beside `leveldb_mixed` says.
  private func expected() throws -> [Record] {
    let lines = try String(contentsOfFile: fixture("leveldb_mixed.txt"), encoding: .utf8).split(separator: "\n")
    return [Record(key: [], value: Array("x".utf8))]
      + lines.map { line in
        let parts = line.split(separator: " ").map(String.init)
        return Record(
          key: Array(parts[0].utf8), value: Array(String(repeating: parts[0], count: Int(parts[1]) ?? 0).utf8))
      }
  }

  private func contents(_ path: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(path)/\($0)"))) })
  }
}
