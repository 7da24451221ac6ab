internal import CLevelDB

/// Makes a LevelDB database, as convert_imageset does with `-backend leveldb`.
///
/// Records are stored in batches, each wholly or not at all, as in `LMDBWriter`.
public final class LevelDBWriter: DatabaseWriter {
  public var path: String { folder.path }
  private let folder: UnfinishedFolder
  private let library: LevelDBLibrary
  private var pending = 0
  private var pendingBytes = 0

  private static let batchCount = 1000
  private static let batchBytes = 32 << 20

  /// Starts the database, which appears under its name when it is finished; nothing of that name may exist.
  public init(creating path: String) throws(DataError) {
    folder = try UnfinishedFolder(for: path)
    library = try LevelDBLibrary(creating: folder.workPath, for: folder.path)
  }

  // The folder may be removed only when the library has left it.
  deinit { library.close() }

  public func put(_ value: [UInt8], key: String) throws(DataError) {
    library.add(value, key: Array(key.utf8))
    pending += 1
    pendingBytes += value.count
    if pending >= Self.batchCount || pendingBytes >= Self.batchBytes { try commit() }
  }

  public func commit() throws(DataError) {
    guard pending > 0 else { return }
    try namingRemains { () throws(DataError) in try library.commit() }
    folder.hasRecords = true
    pending = 0
    pendingBytes = 0
  }

  public func finish() throws(DataError) {
    try commit()
    try namingRemains { () throws(DataError) in try library.fileJournal() }
    library.close()
    try folder.publish()
  }

  /// Errors say what is left of the database.
  private func namingRemains(_ body: () throws(DataError) -> Void) throws(DataError) {
    do { try body() } catch {
      var error = error
      error.remedy = folder.remedy
      throw error
    }
  }
}

/// The handles of the library.
private final class LevelDBLibrary {
  private let path: String
  private let options = leveldb_options_create()
  private let writeOptions = leveldb_writeoptions_create()
  private let batch = leveldb_writebatch_create()
  private var database: OpaquePointer?

  init(creating folder: String, for path: String) throws(DataError) {
    self.path = path
    leveldb_options_set_create_if_missing(options, 1)
    leveldb_options_set_error_if_exists(options, 1)
    leveldb_options_set_compression(options, CInt(leveldb_snappy_compression))
    leveldb_options_set_block_size(options, 64 << 10)
    leveldb_options_set_write_buffer_size(options, 32 << 20)
    leveldb_options_set_max_open_files(options, 100)
    database = try call("create the database") { leveldb_open(options, folder, &$0) }
  }

  deinit {
    close()
    leveldb_writebatch_destroy(batch)
    leveldb_writeoptions_destroy(writeOptions)
    leveldb_options_destroy(options)
  }

  func add(_ value: [UInt8], key: [UInt8]) {
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        leveldb_writebatch_put(
          batch, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
          value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
      }
    }
  }

  /// Stores what was added.
  func commit() throws(DataError) {
    try call("write to the database") { leveldb_write(database, writeOptions, batch, &$0) }
    leveldb_writebatch_clear(batch)
  }

  /// Moves what is in the journal to a table. Tables are written through to the disk, and their lengths are known, so a
  /// file that is cut short later is found out.
  func fileJournal() throws(DataError) {
    // Compacting a range files the journal first, whatever the range; this one has no records to compact.
    leveldb_compact_range(database, "", 0, "", 0)
    // Compacting tells no errors, but the next write does.
    try commit()
  }

  func close() {
    if let database { leveldb_close(database) }
    database = nil
  }

  /// The one funnel for the library's errors.
  private func call<Result>(
    _ operation: String, _ body: (inout UnsafeMutablePointer<CChar>?) -> Result
  ) throws(DataError) -> Result {
    var message: UnsafeMutablePointer<CChar>?
    let result = body(&message)
    guard let message else { return result }
    defer { leveldb_free(message) }
    throw DataError(path, "cannot \(operation): \(String(cString: message))")
  }
}
