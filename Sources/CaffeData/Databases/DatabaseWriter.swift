/// Makes a database, record by record.
///
///     let writer = try createDatabase("train_lmdb", .lmdb)
///     for (index, datum) in data.enumerated() { try writer.put(datum.serializedBytes(), key: recordKey(index)) }
///     try writer.finish()
///
/// Until `finish()` the database is called `<path>.partial`. Records are stored a thousand at a time (or fewer large ones), each batch wholly or
/// not at all.
public protocol DatabaseWriter: AnyObject {
  var path: String { get }
  /// Adds a record, or replaces the one of the same key.
  func put(_ value: [UInt8], key: String) throws(DataError)
  /// Stores the records that are not stored yet.
  func commit() throws(DataError)
  /// Stores the last records, closes the database and gives it its name; nothing can be added any more.
  func finish() throws(DataError)
}

/// Starts a database of the given kind; nothing may exist at `path`.
public func createDatabase(_ path: String, _ backend: DatabaseBackend) throws(DataError) -> any DatabaseWriter {
  switch backend {
  case .lmdb: try LMDBWriter(creating: path)
  case .levelDB: try LevelDBWriter(creating: path)
  }
}
