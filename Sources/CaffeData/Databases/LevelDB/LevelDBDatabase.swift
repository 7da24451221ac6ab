internal import CaffeProto

/// A LevelDB database: a folder with a file `CURRENT`, as Caffe's tools make with `-backend leveldb`.
///
/// The library can only open a database for itself alone, and opening writes to it: it takes the lock, files what is in
/// the journal, starts new files and removes old ones. It also believes lengths that no checksum covers. Reading is
/// therefore done here, from the files as they are: any number of nets and programs may read a database at a time, from
/// media that cannot be written to as well, and every byte is checked before it is used. In memory are one block of each
/// table being read, and the keys (not the values) of what is still in the journal.
public final class LevelDBDatabase: Database {
  public let path: String
  public let backend = DatabaseBackend.levelDB
  private let manifest: LevelDBManifest
  private let journal: LevelDBJournal
  private let byteCount: Int
  private let knownCount = ForkSafe<Int?>(nil)

  /// Opens the database in the folder `path`.
  ///
  /// - Throws: `DataError` when a file is missing, cut short or damaged, or there are no records.
  public init(path: String) throws(DataError) {
    self.path = path
    manifest = try LevelDBManifest(folder: path)
    // Tables are read hours later, so the missing and the shortened ones are found now.
    for table in manifest.tables { _ = try manifest.open(table) }
    journal = try LevelDBJournal(manifest.journals())
    byteCount = manifest.tables.reduce(journal.byteCount) { $0 + $1.size }
    guard try merge().next() != nil else {
      throw DataError(
        path, "the database has no records", remedy: "the program that made it stored nothing; see its messages")
    }
  }

  public var notice: String? {
    journal.isTorn
      ? "the last batch of its journal is incomplete and left out: the program that wrote it was stopped, or the file cut short"
      : nil
  }

  public var count: Int {
    get throws(DataError) {
      if let count = knownCount.withLock({ $0 }) { return count }
      let merge = try merge()
      var count = 0
      while try merge.next() != nil { count += 1 }
      setCount(count)
      return count
    }
  }

  public func makeCursor() -> any DatabaseCursor { LevelDBCursor(self) }

  /// Starts at the first record.
  fileprivate func merge() throws(DataError) -> LevelDBMerge {
    try LevelDBMerge(manifest, journal)
  }

  /// How much of the files a pass has read, from 0 to 1.
  fileprivate func progress(of merge: LevelDBMerge) -> Double {
    min(1, Double(merge.bytesRead) / Double(max(1, byteCount)))
  }

  /// The count if somebody has counted already.
  fileprivate var countSoFar: Int? { knownCount.withLock { $0 } }
  fileprivate func setCount(_ count: Int) { knownCount.withLock { $0 = count } }
}

private final class LevelDBCursor: DatabaseCursor {
  private let database: LevelDBDatabase
  private var merge: LevelDBMerge?
  /// How many records of this pass lie behind.
  private var passed = 0
  private(set) var turns = 0

  init(_ database: LevelDBDatabase) { self.database = database }

  func next() throws(DataError) -> Record {
    let entry = try nextEntry()
    return Record(key: Array(entry.key), value: try entry.value.bytes())
  }

  func skip(_ count: Int) throws(DataError) {
    var left = count
    while left > 0 {
      // Whole rounds lead to where the cursor is; how long they are is known after the first one.
      if let total = database.countSoFar, left >= total {
        left %= total
        continue
      }
      _ = try nextEntry()
      left -= 1
    }
  }

  var progress: Double { merge.map(database.progress) ?? 0 }

  private func nextEntry() throws(DataError) -> LevelDBEntry {
    let running: LevelDBMerge
    if let merge { running = merge } else { running = try database.merge() }
    merge = running
    if let entry = try running.next() {
      passed += 1
      return entry
    }
    database.setCount(passed)
    let again = try database.merge()
    guard let entry = try again.next() else { throw DataError(database.path, "the records are gone") }
    merge = again
    turns += 1
    passed = 1
    return entry
  }
}
