internal import CLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A database that convert_imageset, convert_mnist_data or Python's lmdb module made: a folder with a `data.mdb`.
///
///     let database = try LMDBDatabase(path: "mnist_train_lmdb")
///     let record = try database.makeCursor().next()
///     let datum = try Datum(serializedBytes: record.value)
public final class LMDBDatabase: Database {
  public let path: String
  public let backend = DatabaseBackend.lmdb
  public var count: Int { file.head.entries }
  private let file: LMDBFile

  /// Opens the database in the folder `path`, or the file `path` itself.
  ///
  /// - Throws: `DataError` when it is missing, empty, cut short or no LMDB database.
  public init(path: String) throws(DataError) {
    self.path = path
    file = try LMDBFile(path: Self.file(at: path))
    // The last record is usually the last to be written, so a file cut short is found out now and not hours later.
    try LMDBCursor(file).checkLast()
  }

  public func makeCursor() -> any DatabaseCursor { LMDBCursor(file) }

  private static func file(at path: String) throws(DataError) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw DataError(
        path, String(cString: strerror(errno)),
        remedy: "make the database first, or correct the path, which is relative to the working directory")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return path }
    guard access(path + "/data.mdb", F_OK) == 0 else {
      throw DataError(
        path, "the folder holds no data.mdb and no CURRENT, so it is no LMDB or LevelDB database",
        remedy: "give the folder that convert_imageset or a similar tool made")
    }
    return path + "/data.mdb"
  }
}

final class LMDBCursor: DatabaseCursor {
  private let file: LMDBFile
  /// The way from the root down to the leaf, with the child taken on each page.
  private var branches: [(page: LMDBPage, index: Int)] = []
  private var leaf: LMDBPage?
  private var leafNumber: UInt64 = 0
  private var index = 0
  /// How many records of this pass lie behind.
  private var passed = 0
  /// How many bytes were read in this pass.
  private var bytesRead = 0
  private(set) var turns = 0

  init(_ file: LMDBFile) { self.file = file }

  func next() throws(DataError) -> Record {
    let leaf = try currentLeaf()
    let record = try record(index, of: leaf)
    // Records do not overlap in a sound file: a small one cannot give much.
    bytesRead += record.key.count + record.value.count
    guard bytesRead <= file.size else { throw file.damaged(MDB_CORRUPTED, page: leafNumber) }
    index += 1
    passed += 1
    return record
  }

  func skip(_ count: Int) throws(DataError) {
    var left = count % file.head.entries
    while left > 0 {
      let step = min(left, try currentLeaf().count - index, file.head.entries - passed)
      index += step
      passed += step
      left -= step
    }
  }

  var progress: Double { Double(passed) / Double(file.head.entries) }

  /// Reads the last record, to see that it is there.
  func checkLast() throws(DataError) {
    let leaf = try descend(from: file.head.root, toLast: true)
    _ = try record(leaf.count - 1, of: leaf)
    self.leaf = nil
    branches = []
  }

  /// The leaf with the record to read next.
  private func currentLeaf() throws(DataError) -> LMDBPage {
    if passed == file.head.entries {
      leaf = nil
      turns += 1
    }
    guard let leaf else {
      branches = []
      passed = 0
      bytesRead = 0
      return try descend(from: file.head.root)
    }
    if index < leaf.count { return leaf }
    while let (page, index) = branches.popLast() {
      if index + 1 < page.count {
        branches.append((page, index + 1))
        return try descend(from: child(index + 1, of: page))
      }
    }
    throw file.damaged(MDB_CORRUPTED, page: leafNumber)
  }

  /// Goes down to the first (or last) leaf under a page. All leaves of a tree are equally deep.
  private func descend(from page: UInt64, toLast: Bool = false) throws(DataError) -> LMDBPage {
    var number = page
    while branches.count < file.head.depth - 1 {
      let branch = try file.page(number, isLeaf: false)
      let index = toLast ? branch.count - 1 : 0
      branches.append((branch, index))
      number = try child(index, of: branch)
    }
    let leaf = try file.page(number, isLeaf: true)
    self.leaf = leaf
    leafNumber = number
    index = 0
    return leaf
  }

  private func child(_ index: Int, of branch: LMDBPage) throws(DataError) -> UInt64 {
    guard let node = branch.node(index) else { throw file.damaged(MDB_CORRUPTED, page: file.head.root) }
    return node.child
  }

  private func record(_ index: Int, of leaf: LMDBPage) throws(DataError) -> Record {
    guard let node = leaf.node(index), let key = leaf.bytes(node.key.count, at: node.key.lowerBound) else {
      throw file.damaged(MDB_CORRUPTED, page: leafNumber)
    }
    let start = node.key.upperBound
    switch node.flags {
    case 0:
      if let value = leaf.bytes(Int(node.size), at: start) { return Record(key: key, value: value) }
    case 1:
      if let number = leaf.bytes(8, at: start) {
        return Record(key: key, value: try file.largeValue(Int(node.size), at: number.number(UInt64.self, at: 0)))
      }
    case 2:
      throw DataError(
        file.path, "the records lie in a named database inside the file",
        remedy: "store them in the file's unnamed database, as Caffe's tools do")
    default: break
    }
    throw file.damaged(MDB_CORRUPTED, page: leafNumber)
  }
}
