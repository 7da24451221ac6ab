#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which files a LevelDB database consists of at present.
///
/// The file CURRENT names the manifest, a log of changes: each adds and removes tables, level by level. What was written
/// after the newest table is in journals, whose numbers are at least `journal`.
struct LevelDBManifest {
  struct Table: Hashable {
    var level: Int
    var number: UInt64
    var size: Int
    var smallest: [UInt8]
  }

  private(set) var tables: [Table] = []
  private var journal: UInt64 = 0
  private var previousJournal: UInt64 = 0
  private let folder: String

  init(folder: String) throws(DataError) {
    self.folder = folder
    let current = try LevelDBFile(path: folder + "/CURRENT")
    let line = String(decoding: try current.read(0..<min(current.size, 256)), as: UTF8.self)
    let name = line.prefix { !$0.isNewline }
    guard name.hasPrefix("MANIFEST-"), !name.contains("/") else {
      throw current.damaged("it names no manifest")
    }
    let log = try LevelDBLog(LevelDBFile(path: "\(folder)/\(name)"))
    guard !log.records.isEmpty else { throw log.file.damaged("it has no records") }
    var alive: [UInt64: Table] = [:]
    for record in log.records { try apply(log.read(record)[...], to: &alive, of: log.file) }
    tables = alive.values.sorted { ($0.level, $0.number) < ($1.level, $1.number) }
  }

  /// The journals to read, oldest first.
  func journals() throws(DataError) -> [LevelDBLog] {
    var numbers: [UInt64] = []
    for name in try fileNames(in: folder) {
      guard name.hasSuffix(".log"), let number = UInt64(name.dropLast(4)) else { continue }
      if number >= journal || number == previousJournal { numbers.append(number) }
    }
    let newest = numbers.max()
    var journals: [LevelDBLog] = []
    for number in numbers.sorted() {
      journals.append(try LevelDBLog(LevelDBFile(path: file(number, "log")), mayBeTorn: number == newest))
    }
    return journals
  }

  /// Opens a table, which must be as long as the manifest says.
  func open(_ table: Table) throws(DataError) -> LevelDBFile {
    // The ending was sst before LevelDB 1.14.
    let names = [file(table.number, "ldb"), file(table.number, "sst")]
    let file = try LevelDBFile(path: names.first { access($0, F_OK) == 0 } ?? names[0])
    guard file.size == table.size else {
      throw DataError(
        file.path, "the file has \(file.size) bytes in place of \(table.size): it was cut short, or is another one",
        remedy: "copy or download the database again, or make it anew")
    }
    return file
  }

  private func file(_ number: UInt64, _ suffix: String) -> String {
    let digits = String(number)
    return "\(folder)/\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).\(suffix)"
  }

  private mutating func apply(
    _ change: ArraySlice<UInt8>, to alive: inout [UInt64: Table], of file: LevelDBFile
  ) throws(DataError) {
    var scanner = LevelDBScanner(change)
    while !scanner.isAtEnd {
      guard try applyField(&scanner, to: &alive, of: file) else {
        throw file.damaged("a change of the list of files makes no sense")
      }
    }
  }

  /// Reads one field of a change: a number that tells what it is, then its contents; false if it makes no sense.
  private mutating func applyField(
    _ scanner: inout LevelDBScanner, to alive: inout [UInt64: Table], of file: LevelDBFile
  ) throws(DataError) -> Bool {
    switch scanner.varint() {
    case 1:
      guard let name = scanner.string() else { return false }
      guard name.elementsEqual("leveldb.BytewiseComparator".utf8) else {
        throw DataError(
          file.path, "the records are ordered by \"\(String(decoding: name, as: UTF8.self))\"",
          remedy: "write the database with LevelDB's own order of keys, as Caffe's tools do")
      }
    case 2:
      guard let number = scanner.varint() else { return false }
      journal = number
    case 9:
      guard let number = scanner.varint() else { return false }
      previousJournal = number
    case 3, 4:
      return scanner.varint() != nil
    case 5:
      return scanner.varint() != nil && scanner.string() != nil
    case 6:
      guard scanner.varint() != nil, let number = scanner.varint() else { return false }
      alive[number] = nil
    case 7:
      guard let level = scanner.varint(), level < 64, let number = scanner.varint(), let size = scanner.varint(),
        let smallest = scanner.string(), smallest.count >= 8, scanner.string() != nil
      else { return false }
      alive[number] = Table(
        level: Int(level), number: number, size: Int(clamping: size), smallest: Array(smallest.dropLast(8)))
    default: return false
    }
    return true
  }
}
