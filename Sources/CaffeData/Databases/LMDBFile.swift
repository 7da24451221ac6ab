internal import CLMDB
internal import CaffeProto

/// The file of an LMDB database, read by position and never trusted.
///
/// The library maps the file into memory and follows whatever offsets it finds there, so a file that was cut short or
/// damaged takes the process down. Reading is therefore done here: the format is a B+ tree of pages of equal size, each
/// of which is copied and checked before use. This also needs neither a lock file nor a writable medium, and a database
/// may be open any number of times.
///
/// All numbers are little-endian, as on every machine that writes such files in practice:
///
/// | page   | at 0        | at 10     | at 12                 | at 14 | from 16                               |
/// |--------|-------------|-----------|-----------------------|-------|---------------------------------------|
/// | meta   | page number | flags (8) |                       |       | the database's head, see `LMDBHead`   |
/// | branch | page number | flags (1) | 16 + 2 · nodes        |       | offset of each node in the page       |
/// | leaf   | page number | flags (2) | 16 + 2 · nodes        |       | offset of each node in the page       |
/// | large  | page number | flags (4) | count of pages (long) |       | one value, running on over the pages  |
final class LMDBFile: Sendable {
  let path: String
  let size: Int
  let head: LMDBHead
  private let descriptor: FileDescriptor

  init(path: String) throws(DataError) {
    guard let descriptor = FileDescriptor(opening: path), let size = descriptor.size else {
      throw DataError(path, systemReason())
    }
    head = try LMDBHead(newestIn: descriptor, size: size, path: path)
    self.path = path
    self.descriptor = descriptor
    self.size = size
  }

  /// A page of the tree, checked to be what its parent says it is.
  func page(_ number: UInt64, isLeaf: Bool) throws(DataError) -> LMDBPage {
    let bytes = try read(head.pageSize, atPage: number, offset: 0)
    guard let page = LMDBPage(bytes, number: number, isLeaf: isLeaf) else { throw damaged(MDB_CORRUPTED, page: number) }
    return page
  }

  /// A value that did not fit into a leaf and has pages of its own.
  func largeValue(_ count: Int, at number: UInt64) throws(DataError) -> [UInt8] {
    let header = try read(LMDBPage.headerSize, atPage: number, offset: 0)
    guard header.number(UInt64.self, at: 0) == number, header.number(UInt16.self, at: 10) & LMDBPage.kinds == 4 else {
      throw damaged(MDB_CORRUPTED, page: number)
    }
    return try read(count, atPage: number, offset: LMDBPage.headerSize)
  }

  private func read(_ count: Int, atPage number: UInt64, offset: Int) throws(DataError) -> [UInt8] {
    let start = number.multipliedReportingOverflow(by: UInt64(head.pageSize))
    guard !start.overflow, start.partialValue <= size, count <= size - Int(start.partialValue) - offset else {
      throw DataError(
        path, "page \(number) lies beyond the end of the file, which has \(size) bytes: it was cut short",
        remedy: "copy or download the database again, or make it anew")
    }
    let bytes = try descriptor.bytes(count, at: Int(start.partialValue) + offset, of: path)
    try checkUnchanged()
    return bytes
  }

  /// Throws if a writer may have reused pages that the database had when it was opened: those that one transaction gives
  /// up are overwritten by the second one after it at the earliest.
  private func checkUnchanged() throws(DataError) {
    for page in 0...1 {
      let number = try descriptor.bytes(8, at: page * head.pageSize + LMDBHead.transactionOffset, of: path)
      guard number.number(UInt64.self, at: 0) <= head.transaction + 1 else {
        throw DataError(
          path, "the database was changed while it was being read", remedy: "start again when it is complete")
      }
    }
  }

  func damaged(_ code: CInt, page: UInt64) -> DataError {
    DataError(
      path, "\(String(cString: mdb_strerror(code))) (page \(page)): the file is damaged",
      remedy: "copy or download the database again, or make it anew")
  }
}

/// What the newer of the two meta pages says: where the tree of records is.
struct LMDBHead: Sendable {
  var pageSize: Int
  var depth: Int
  var entries: Int
  var root: UInt64
  var transaction: UInt64

  static let transactionOffset = 144
  private static let size = 152

  init(newestIn descriptor: FileDescriptor, size: Int, path: String) throws(DataError) {
    guard size > 0 else {
      throw DataError(
        path, "the file is empty: the program that was writing it did not finish", remedy: "make the database anew")
    }
    let first = try LMDBHead(descriptor, at: 0, size: size, path: path)
    let second = try LMDBHead(descriptor, at: first.pageSize, size: size, path: path)
    self = second.transaction > first.transaction ? second : first
    guard entries > 0 else {
      throw DataError(
        path, "the database has no records", remedy: "the program that made it stored nothing; see its messages")
    }
  }

  private init(_ descriptor: FileDescriptor, at offset: Int, size: Int, path: String) throws(DataError) {
    func invalid(_ code: CInt) -> DataError {
      DataError(
        path, String(cString: mdb_strerror(code)),
        remedy: "give the folder that convert_imageset or a similar tool made")
    }
    guard Self.size <= size - offset else { throw invalid(MDB_INVALID) }
    let bytes = try descriptor.bytes(Self.size, at: offset, of: path)
    guard bytes.number(UInt16.self, at: 10) & 8 != 0, bytes.number(UInt32.self, at: 16) == 0xBEEF_C0DE else {
      throw invalid(MDB_INVALID)
    }
    guard bytes.number(UInt32.self, at: 20) == 1 else { throw invalid(MDB_VERSION_MISMATCH) }

    pageSize = Int(bytes.number(UInt32.self, at: 40))
    depth = Int(bytes.number(UInt16.self, at: 94))
    entries = Int(clamping: bytes.number(UInt64.self, at: 120))
    root = bytes.number(UInt64.self, at: 128)
    transaction = bytes.number(UInt64.self, at: Self.transactionOffset)
    let hasDuplicates = bytes.number(UInt16.self, at: 92) & UInt16(MDB_DUPSORT) != 0
    // A record takes ten bytes in a leaf at least, so a count that is too large for the file is no count.
    guard (256...65536).contains(pageSize), pageSize & (pageSize - 1) == 0, !hasDuplicates,
      entries == 0 || (1...32).contains(depth), entries <= size / 10
    else { throw invalid(MDB_INVALID) }
  }
}

/// A branch or leaf of the tree, whose every access is checked against its bounds.
struct LMDBPage {
  static let headerSize = 16
  /// The flags that tell what a page is: branch 1, leaf 2, large value 4, meta 8, and 32 for leaves of fixed-size keys.
  static let kinds: UInt16 = 0x2F

  /// How many nodes the page has; at least one.
  let count: Int
  private let bytes: [UInt8]

  init?(_ bytes: [UInt8], number: UInt64, isLeaf: Bool) {
    let end = Int(bytes.number(UInt16.self, at: 12))
    guard bytes.number(UInt64.self, at: 0) == number,
      bytes.number(UInt16.self, at: 10) & Self.kinds == (isLeaf ? 2 : 1),
      Self.headerSize + 2 <= end, end <= bytes.count
    else { return nil }
    count = (end - Self.headerSize) / 2
    self.bytes = bytes
  }

  /// A node is four 16-bit words (two of size, flags, length of the key), then the key, then the value.
  struct Node {
    var size: UInt32
    var flags: UInt16
    var key: Range<Int>

    /// In a branch the first three words are the number of the child's page.
    var child: UInt64 { UInt64(size) | UInt64(flags) << 32 }
  }

  func node(_ index: Int) -> Node? {
    let start = Int(bytes.number(UInt16.self, at: Self.headerSize + 2 * index))
    guard start >= Self.headerSize, start + 8 <= bytes.count else { return nil }
    let keyEnd = start + 8 + Int(bytes.number(UInt16.self, at: start + 6))
    guard keyEnd <= bytes.count else { return nil }
    return Node(
      size: bytes.number(UInt32.self, at: start), flags: bytes.number(UInt16.self, at: start + 4),
      key: start + 8..<keyEnd)
  }

  /// As many bytes from the given place on, if the page has them.
  func bytes(_ count: Int, at start: Int) -> [UInt8]? {
    count <= bytes.count - start ? Array(bytes[start..<start + count]) : nil
  }
}

extension [UInt8] {
  /// The little-endian number at the given place.
  func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
    precondition(offset + MemoryLayout<Number>.size <= count, "a number beyond the end")
    return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }
}
