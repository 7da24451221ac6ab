internal import CaffeProto
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One entry of a database. Keys only order the records; nothing may be read out of them.
public struct Record: Hashable, Sendable {
  public var key: [UInt8]
  /// A `Datum` in wire format.
  public var value: [UInt8]

  public init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }

  /// The key as text, for messages.
  public var name: String { String(decoding: key, as: UTF8.self) }
}

/// A kind of database.
public enum DatabaseBackend: String, CaseIterable, Hashable, Sendable {
  case lmdb
  case levelDB = "leveldb"

  /// The kind of the database at a path; `nil` if there is none.
  public init?(at path: String) {
    guard let found = try? Self.find(at: path) else { return nil }
    self = found
  }

  /// The kind of the database at a path; `nil` if there is none.
  fileprivate static func find(at path: String) throws(DataError) -> DatabaseBackend? {
    var status = stat()
    let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    let files = isFolder ? try fileNames(in: path) : []
    if files.contains(where: { $0 == "CURRENT" || $0.hasPrefix("MANIFEST-") }) {
      return .levelDB
    }
    return files.contains("data.mdb") || path.hasSuffix(".mdb") ? .lmdb : nil
  }

  /// The name as it is written: LMDB, LevelDB.
  public var name: String {
    switch self {
    case .lmdb: "LMDB"
    case .levelDB: "LevelDB"
    }
  }
}

/// A store of records in the byte order of their keys, open for reading. Any number of cursors may read it at a time.
public protocol Database: Sendable {
  var path: String { get }
  var backend: DatabaseBackend { get }
  /// How many records there are; at least one. A LevelDB database does not know, and reads all keys when first asked.
  var count: Int { get throws(DataError) }
  /// What a user should know about the database before using it.
  var notice: String? { get }
  /// A cursor before the first record.
  func makeCursor() -> any DatabaseCursor
}

extension Database {
  public var notice: String? { nil }
}

/// A place in a database.
public protocol DatabaseCursor: AnyObject {
  /// Reads the record behind the cursor and steps over it; the last record is followed by the first.
  func next() throws(DataError) -> Record
  /// Steps over as many records without reading them.
  func skip(_ count: Int) throws(DataError)
  /// How many times the first record was read or stepped over again.
  var turns: Int { get }
  /// About how much of this pass lies behind, from 0 to 1.
  var progress: Double { get }
}

/// Opens the database in a folder, whose contents say of which kind it is.
///
/// - Parameter backend: The kind that it must be, if that matters.
/// - Throws: `DataError` when it is missing, damaged or of the other kind.
public func openDatabase(_ path: String, _ backend: DatabaseBackend? = nil) throws(DataError) -> any Database {
  guard !isStream(path) else { throw DataError(path, "a database is a folder, but this is a pipe or a device") }
  let found = try DatabaseBackend.find(at: path)
  if let found, let backend, found != backend {
    throw DataError(
      path, "this is a database of the kind \(found.name), but \(backend.name) was asked for",
      remedy: "write \(found.name.uppercased()) (data_param's backend) or \(found.rawValue) (the flag -backend)")
  }
  if found == nil, access(path, F_OK) != 0, let remains = UnfinishedFolder.remains(of: path) {
    throw DataError(
      path, "it is not there; the run that was making it was interrupted and left \(remains)",
      remedy: "remove that folder and make the database anew, or rename it to \(path) to use what is in it")
  }
  switch found ?? .lmdb {
  case .lmdb: return try LMDBDatabase(path: path)
  case .levelDB: return try LevelDBDatabase(path: path)
  }
}
