/// What was written last and is in no table yet: batches of entries, in the order in which they came.
///
/// Of each entry only the key and the place of the value are kept in memory.
final class LevelDBJournal: Sendable {
  let byteCount: Int
  /// Whether the last batch is incomplete, and left out.
  let isTorn: Bool
  private let logs: [LevelDBLog]
  private let entries: [Item]

  /// An entry, whose value is in log `log`.
  private struct Item {
    var key: [UInt8]
    var sequence: UInt64
    var isRemoval: Bool
    var log: Int
    var place: Range<Int>
  }

  init(_ logs: [LevelDBLog]) throws(DataError) {
    self.logs = logs
    isTorn = logs.last?.isTorn ?? false
    byteCount = logs.reduce(0) { $0 + $1.file.size }
    var entries: [Item] = []
    for (index, log) in logs.enumerated() {
      for record in log.records { try Self.read(record, of: log, index, into: &entries) }
    }
    self.entries = entries.sorted {
      $0.key == $1.key ? $0.sequence > $1.sequence : $0.key.lexicographicallyPrecedes($1.key)
    }
  }

  func makeSource() -> any LevelDBSource { Source(self) }

  /// A batch is the number of its first entry (8 bytes), how many there are (4 bytes), and the entries: 1 key value to
  /// store a record, 0 key to remove it.
  private static func read(
    _ record: Range<Int>, of log: LevelDBLog, _ index: Int, into entries: inout [Item]
  ) throws(DataError) {
    let batch = try log.read(record)
    guard batch.count >= 12 else { throw log.file.damaged("a batch is too short") }
    let first = batch.number(UInt64.self, at: 0)
    let count = Int(batch.number(UInt32.self, at: 8))
    var scanner = LevelDBScanner(batch[12...])
    var read = 0
    while !scanner.isAtEnd {
      guard let kind = scanner.byte(), kind <= 1, let key = scanner.string() else {
        throw log.file.damaged("a batch makes no sense")
      }
      var value = 0..<0
      if kind == 1 {
        guard let bytes = scanner.string() else { throw log.file.damaged("a batch ends within a value") }
        value = bytes.indices
      }
      let place = record.lowerBound + value.lowerBound..<record.lowerBound + value.upperBound
      entries.append(
        Item(
          key: Array(key), sequence: first &+ UInt64(read), isRemoval: kind == 0, log: index, place: place))
      read += 1
    }
    guard read == count else { throw log.file.damaged("a batch holds \(read) entries in place of \(count)") }
  }

  private final class Source: LevelDBSource {
    private let journal: LevelDBJournal
    private var index = 0
    private(set) var bytesRead = 0

    init(_ journal: LevelDBJournal) { self.journal = journal }

    var entry: LevelDBEntry? {
      guard index < journal.entries.count else { return nil }
      let item = journal.entries[index]
      return LevelDBEntry(
        key: item.key[...], sequence: item.sequence, isRemoval: item.isRemoval,
        value: .inLog(journal.logs[item.log], item.place))
    }

    func advance() {
      bytesRead += journal.entries[index].place.count
      index += 1
    }
  }
}
