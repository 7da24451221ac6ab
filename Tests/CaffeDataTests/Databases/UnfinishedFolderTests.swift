import CaffeData
import Foundation
import Testing

@Suite struct `A database in the making` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: DatabaseBackend.allCases)
  func `has its name only when it is complete`(backend: DatabaseBackend) throws {
    let writer = try createDatabase(folder.file("db"), backend)
    for index in 0..<1000 { try writer.put([1], key: recordKey(index)) }
    #expect(try files() == ["db.partial"])
    try writer.finish()
    #expect(try files() == ["db"])
    #expect(try openDatabase(folder.file("db"), backend).count == 1000)
  }

  @Test(arguments: DatabaseBackend.allCases)
  func `is left with what was stored, and the next writer and reader say so`(backend: DatabaseBackend) throws {
    do {
      let writer = try createDatabase(folder.file("db/"), backend)
      for index in 0..<1500 { try writer.put([1], key: recordKey(index)) }
    }
    #expect(try files() == ["db.partial"])
    #expect(try openDatabase(folder.file("db.partial")).count == 1000)
    let text = message { _ = try createDatabase(folder.file("db"), backend) }
    #expect(text.contains("an earlier run was interrupted and left \(folder.file("db")).partial"))
    #expect(text.contains("remove that folder to make the database anew, or rename it to \(folder.file("db"))"))
    #expect(message { _ = try openDatabase(folder.file("db")) }.contains("was interrupted and left"))
  }

  @Test(arguments: DatabaseBackend.allCases)
  func `leaves nothing when nothing was stored`(backend: DatabaseBackend) throws {
    do {
      let writer = try createDatabase(folder.file("db"), backend)
      try writer.put([1], key: "a")
    }
    #expect(try files().isEmpty)
  }

  @Test(arguments: DatabaseBackend.allCases)
  func `has one writer at a time`(backend: DatabaseBackend) throws {
    let writer = try createDatabase(folder.file("db"), backend)
    let text = message { _ = try createDatabase(folder.file("db"), backend) }
    #expect(text.contains("another program is writing this database now"))
    try writer.put([1], key: "a")
    try writer.finish()
    #expect(try openDatabase(folder.file("db")).count == 1)
  }

  @Test(arguments: DatabaseBackend.allCases)
  func `must have a name`(backend: DatabaseBackend) {
    #expect(message { _ = try createDatabase("", backend) }.contains("it has no name"))
  }

  private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
}
