internal import CLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes an LMDB database, as convert_imageset does.
///
/// Records are stored a thousand at a time (or fewer large ones), each batch wholly or not at all; the last ones are stored by `finish()`.
public final class LMDBWriter: DatabaseWriter {
  public var path: String { folder.path }
  private let folder: UnfinishedFolder
  private var environment: OpaquePointer?
  private var pending: [Record] = []
  private var pendingBytes = 0

  private static let batchCount = 1000
  private static let batchBytes = 32 << 20

  /// Starts the database, which appears under its name when it is finished; nothing of that name may exist.
  public init(creating path: String) throws(DataError) {
    folder = try UnfinishedFolder(for: path)
    try check(mdb_env_create(&environment), "create the database")
    // Waiting for the disk at each commit would take longer than all the rest. A killed program loses nothing by not
    // waiting; only a machine that stops could, and then the database has not got its name yet.
    try check(
      mdb_env_open(environment, folder.workPath, UInt32(MDB_NOSYNC), 0o664), "create the database")
  }

  deinit { mdb_env_close(environment) }

  public func put(_ value: [UInt8], key: String) throws(DataError) {
    let record = Record(key: Array(key.utf8), value: value)
    let limit = Int(mdb_env_get_maxkeysize(environment))
    guard (1...limit).contains(record.key.count) else {
      throw DataError(
        path, "the key \"\(key)\" has \(record.key.count) bytes; a key has 1 to \(limit)",
        remedy: "shorten the paths in the list")
    }
    pending.append(record)
    pendingBytes += value.count
    if pending.count >= Self.batchCount || pendingBytes >= Self.batchBytes { try commit() }
  }

  public func finish() throws(DataError) {
    try commit()
    try check(mdb_env_sync(environment, 1), "write the database to the disk")
    mdb_env_close(environment)
    environment = nil
    try folder.publish()
  }

  /// Stores the pending records in one transaction; when the map is full, doubles it and begins again.
  public func commit() throws(DataError) {
    guard !pending.isEmpty else { return }
    while true {
      let code = store(pending)
      guard code == MDB_MAP_FULL else {
        try check(code, "write to the database")
        break
      }
      var info = MDB_envinfo()
      try check(mdb_env_info(environment, &info), "ask for the map size")
      try check(mdb_env_set_mapsize(environment, info.me_mapsize * 2), "double the map size")
    }
    folder.hasRecords = true
    pending.removeAll(keepingCapacity: true)
    pendingBytes = 0
  }

  private func store(_ records: [Record]) -> CInt {
    var transaction: OpaquePointer?
    var code = mdb_txn_begin(environment, nil, 0, &transaction)
    guard code == MDB_SUCCESS else { return code }
    var database = MDB_dbi()
    code = mdb_dbi_open(transaction, nil, 0, &database)
    for record in records where code == MDB_SUCCESS {
      code = record.key.withUnsafeBytes { key in
        record.value.withUnsafeBytes { value in
          var key = MDB_val(mv_size: key.count, mv_data: UnsafeMutableRawPointer(mutating: key.baseAddress))
          var value = MDB_val(mv_size: value.count, mv_data: UnsafeMutableRawPointer(mutating: value.baseAddress))
          return mdb_put(transaction, database, &key, &value, 0)
        }
      }
    }
    guard code == MDB_SUCCESS else {
      mdb_txn_abort(transaction)
      return code
    }
    return mdb_txn_commit(transaction)
  }

  /// The one funnel for the library's status codes.
  private func check(_ code: CInt, _ operation: String) throws(DataError) {
    guard code != MDB_SUCCESS else { return }
    throw DataError(path, "cannot \(operation): \(String(cString: mdb_strerror(code)))", remedy: folder.remedy)
  }
}
