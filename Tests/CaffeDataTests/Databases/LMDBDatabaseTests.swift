import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Testing

@Suite struct `LMDB database` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["lmdb_same", "lmdb_overflow"])
  func `gives the records that convert_imageset stored`(name: String) throws {
    let copy = try HDF5File(reading: fixture("\(name).records.h5")).root
    let keys = try copy.string(attribute: "keys").split(separator: "\n").map(String.init)
    let database = try LMDBDatabase(path: fixture(name))
    #expect(database.count == keys.count)
    let cursor = database.makeCursor()
    for (index, key) in keys.enumerated() {
      let record = try cursor.next()
      #expect(record.name == key)
      let datum = try Datum(serializedBytes: record.value)
      #expect(try Array(datum.data) == copy.dataset("data/\(index)").integers().map { UInt8($0) })
      #expect(try Int(datum.label) == copy.dataset("label").integers()[index])
    }
  }

  @Test func `starts over behind the last record`() throws {
    let database = try LMDBDatabase(path: fixture("lmdb_many"))
    let cursor = database.makeCursor()
    let pass = try (0..<database.count).map { _ in try cursor.next() }
    #expect(pass.map(\.key).sorted { $0.lexicographicallyPrecedes($1) } == pass.map(\.key))
    #expect(Set(pass.map(\.key)).count == database.count)
    for record in pass { #expect(try cursor.next() == record) }
  }

  @Test func `skips to any record`() throws {
    let database = try LMDBDatabase(path: fixture("lmdb_many"))
    let reader = database.makeCursor()
    let records = try (0..<database.count).map { _ in try reader.next() }
    for skipped in 0...2 * database.count {
      let cursor = database.makeCursor()
      try cursor.skip(skipped)
      #expect(try cursor.next() == records[skipped % database.count])
      try cursor.skip(skipped)
      #expect(try cursor.next() == records[(2 * skipped + 1) % database.count])
    }
  }

  @Test func `may be open twice and needs no lock file`() throws {
    let path = fixture("lmdb_same")
    let first = try LMDBDatabase(path: path).makeCursor()
    let second = try LMDBDatabase(path: path + "/data.mdb").makeCursor()
    #expect(try first.next() == second.next())
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["data.mdb"])
  }

  @Test func `notices when a writer changes it`() throws {
    let path = folder.file("db")
    try fill(path, from: 0)
    let cursor = try LMDBDatabase(path: path).makeCursor()
    _ = try cursor.next()
    try fill(path, from: 1)
    #expect(message { for _ in 0..<1000 { _ = try cursor.next() } }.contains("was changed while it was being read"))
  }

  /// Writes 300 records, a transaction each.
  private func fill(_ path: String, from first: Int) throws {
    let source = folder.file("source\(first)")
    let writer = try LMDBWriter(creating: source)
    for index in 0..<300 {
      try writer.put(Array(repeating: UInt8(first), count: 100), key: recordKey(index))
      if first > 0, index < 5 { try writer.commit() }
    }
    try writer.finish()
    // A file that changes under a reader keeps its inode.
    let bytes = try Data(contentsOf: URL(filePath: source + "/data.mdb"))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    if first == 0 {
      try bytes.write(to: URL(filePath: path + "/data.mdb"))
    } else {
      let handle = try FileHandle(forWritingTo: URL(filePath: path + "/data.mdb"))
      try handle.write(contentsOf: bytes)
      try handle.close()
    }
  }

  // MARK: Bad input

  @Test func `says that the folder is missing`() {
    let text = message { _ = try openDatabase("/absent/train_lmdb") }
    #expect(text.hasPrefix("/absent/train_lmdb: No such file or directory\n"))
    #expect(text.contains("relative to the working directory"))
  }

  @Test func `says that the folder is empty`() {
    #expect(message { _ = try openDatabase(folder.path) }.contains("the folder holds no data.mdb and no CURRENT"))
  }

  @Test func `says that the file is empty`() throws {
    _ = try folder.write("data.mdb", [])
    #expect(message { _ = try openDatabase(folder.path) }.contains("the file is empty"))
  }

  @Test func `says that the file is something else`() throws {
    _ = try folder.write("data.mdb", Array(repeating: UInt8(ascii: "x"), count: 20000))
    #expect(message { _ = try openDatabase(folder.path) }.contains("MDB_INVALID: File is not an LMDB file"))
    _ = try folder.write("data.mdb", [1, 2, 3])
    #expect(message { _ = try openDatabase(folder.path) }.contains("MDB_INVALID"))
  }

  @Test func `says that the format is of another version`() throws {
    var bytes = try Data(contentsOf: URL(filePath: fixture("lmdb_same/data.mdb")))
    bytes[20] = 9
    _ = try folder.write("data.mdb", bytes)
    #expect(message { _ = try openDatabase(folder.path) }.contains("MDB_VERSION_MISMATCH"))
  }

  @Test func `says that there are no records`() {
    #expect(message { _ = try openDatabase(fixture("lmdb_empty")) }.contains("the database has no records"))
  }

  @Test func `says that the records are in a named database`() {
    #expect(message { _ = try openDatabase(fixture("lmdb_named")) }.contains("lie in a named database"))
  }

  @Test func `says that the file was cut short, wherever`() throws {
    let bytes = try Data(contentsOf: URL(filePath: fixture("lmdb_overflow/data.mdb")))
    for size in stride(from: 8192, to: bytes.count, by: 4096) {
      _ = try folder.write("data.mdb", bytes.prefix(size))
      let text = message { try readAll(folder.path) }
      #expect(text.contains("beyond the end of the file") && text.contains("copy or download"), "\(size) bytes")
    }
  }

  @Test func `believes in no more bytes than the file has`() throws {
    var bytes = try [UInt8](Data(contentsOf: URL(filePath: fixture("lmdb_many/data.mdb"))))
    // Every node of the leaf on page 2 becomes one node, with a value that fills the page.
    let leaf = 2 * 4096
    for index in 0..<50 { bytes.replaceSubrange(leaf + 16 + 2 * index..<leaf + 18 + 2 * index, with: [200, 0]) }
    bytes.replaceSubrange(leaf + 200..<leaf + 208, with: [0x30, 0x0F, 0, 0, 0, 0, 0, 0])
    _ = try folder.write("data.mdb", bytes)
    #expect(message { try readAll(folder.path) }.contains("the file is damaged"))
  }

  @Test func `survives any damage`() throws {
    var random = Random(seed: 1)
    for name in ["lmdb_many", "lmdb_overflow"] {
      let bytes = try [UInt8](Data(contentsOf: URL(filePath: fixture("\(name)/data.mdb"))))
      for _ in 0..<400 {
        var damaged = bytes
        for _ in 0..<1 + random.below(4) {
          // The heads of pages and what they point at are few bytes, so aim at them.
          let page = random.below(bytes.count / 4096) * 4096
          damaged[page + random.below(random.below(2) == 0 ? 4096 : 160)] = UInt8(truncatingIfNeeded: random.next())
        }
        _ = try folder.write("data.mdb", damaged)
        _ = message { try readAll(folder.path) }
      }
    }
  }

  private func readAll(_ path: String) throws {
    let database = try openDatabase(path)
    let cursor = database.makeCursor()
    for _ in 0..<(try database.count) { _ = try cursor.next() }
  }
}
