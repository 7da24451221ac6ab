/// A stored version of a record.
struct LevelDBEntry {
  var key: ArraySlice<UInt8>
  /// Which version it is: of several with one key, the greatest counts.
  var sequence: UInt64
  /// Whether it says that the record was removed.
  var isRemoval: Bool
  var value: Value

  enum Value {
    case here(ArraySlice<UInt8>)
    case inLog(LevelDBLog, Range<Int>)

    func bytes() throws(DataError) -> [UInt8] {
      switch self {
      case .here(let bytes): Array(bytes)
      case .inLog(let log, let range): try log.read(range)
      }
    }
  }

  /// Whether it comes before another: by key, and the newer version first.
  func precedes(_ other: LevelDBEntry) -> Bool {
    key == other.key ? sequence > other.sequence : key.lexicographicallyPrecedes(other.key)
  }
}

/// Entries in their order.
protocol LevelDBSource: AnyObject {
  /// The entry to take next; `nil` behind the last one.
  var entry: LevelDBEntry? { get }
  func advance() throws(DataError)
  /// How many bytes have been read so far.
  var bytesRead: Int { get }
}

/// Goes through the records of all files in the order of the keys, the newest version of each.
final class LevelDBMerge {
  private var sources: [any LevelDBSource]
  private var last: ArraySlice<UInt8>?

  init(_ manifest: LevelDBManifest, _ journal: LevelDBJournal) throws(DataError) {
    sources = [journal.makeSource()]
    // The tables of a level have no keys in common, except on level 0.
    for (level, tables) in Dictionary(grouping: manifest.tables, by: \.level) {
      let ordered = tables.sorted { $0.smallest.lexicographicallyPrecedes($1.smallest) }
      for run in level == 0 ? ordered.map({ [$0] }) : [ordered] { sources.append(try LevelDBRun(run, in: manifest)) }
    }
  }

  var bytesRead: Int { sources.reduce(0) { $0 + $1.bytesRead } }

  func next() throws(DataError) -> LevelDBEntry? {
    while let source = first(), let entry = source.entry {
      try source.advance()
      if entry.key == last { continue }
      last = entry.key
      if !entry.isRemoval { return entry }
    }
    return nil
  }

  private func first() -> (any LevelDBSource)? {
    var best: (source: any LevelDBSource, entry: LevelDBEntry)?
    for source in sources {
      guard let entry = source.entry else { continue }
      if best.map({ entry.precedes($0.entry) }) ?? true { best = (source, entry) }
    }
    return best?.source
  }
}

/// The entries of tables that follow one another.
private final class LevelDBRun: LevelDBSource {
  private let manifest: LevelDBManifest
  private var tables: ArraySlice<LevelDBManifest.Table>
  private var table: LevelDBTable?
  private var blocks: Range<Int> = 0..<0
  private var block: LevelDBBlock?
  private(set) var entry: LevelDBEntry?
  private(set) var bytesRead = 0

  init(_ tables: [LevelDBManifest.Table], in manifest: LevelDBManifest) throws(DataError) {
    self.manifest = manifest
    self.tables = tables[...]
    try advance()
  }

  func advance() throws(DataError) {
    entry = nil
    while true {
      entry = try block?.next()
      if entry != nil { return }
      block = nil
      if let table, let index = blocks.popFirst() {
        block = try table.block(index)
        bytesRead += table.blocks[index].count
      } else if let next = tables.popFirst() {
        let opened = try LevelDBTable(manifest.open(next))
        table = opened
        blocks = opened.blocks.indices
      } else {
        table = nil
        return
      }
    }
  }
}
