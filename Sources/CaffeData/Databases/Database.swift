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

/// A store of records in the byte order of their keys, open for reading. Any number of cursors may read it at a time.
public protocol Database: Sendable {
  var path: String { get }
  /// How many records there are; at least one.
  var count: Int { get }
  /// A cursor before the first record.
  func makeCursor() -> any DatabaseCursor
}

/// A place in a database.
public protocol DatabaseCursor: AnyObject {
  /// Reads the record behind the cursor and steps over it; the last record is followed by the first.
  func next() throws(DataError) -> Record
  /// Steps over as many records without reading them.
  func skip(_ count: Int) throws(DataError)
}

/// Opens the database in a folder, whose contents say of which kind it is.
public func openDatabase(_ path: String) throws(DataError) -> any Database {
  if access(path + "/CURRENT", F_OK) == 0 {
    throw DataError(
      path, "this is a LevelDB database, and only LMDB is supported",
      remedy: "write the data again with -backend lmdb, and set backend: LMDB in data_param")
  }
  return try LMDBDatabase(path: path)
}
