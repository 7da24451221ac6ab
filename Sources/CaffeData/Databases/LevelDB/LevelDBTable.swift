/// A file of records in the order of their keys, in blocks that are compressed and checked one by one.
///
/// At the end stands where the index is: a block whose values are the places of the blocks of records. A block has entries
/// (how many bytes of the last key are kept, how many follow, the length of the value), then the places where a key is
/// whole and how many these are; reading from start to end needs only the last number.
struct LevelDBTable {
  private let file: LevelDBFile
  let blocks: [Range<Int>]

  private static let footerSize = 48
  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57

  init(_ file: LevelDBFile) throws(DataError) {
    self.file = file
    guard file.size >= Self.footerSize else { throw file.damaged("it is too short for a table") }
    let footer = try file.read(file.size - Self.footerSize..<file.size)
    guard footer.number(UInt64.self, at: Self.footerSize - 8) == Self.magic else {
      throw file.damaged("it does not end as a table does")
    }
    var scanner = LevelDBScanner(footer[...])
    guard scanner.varint() != nil, scanner.varint() != nil, let index = Self.place(&scanner, in: file) else {
      throw file.damaged("the place of its index makes no sense")
    }
    var entries = try LevelDBBlock(Self.contents(of: index, in: file), of: file)
    var blocks: [Range<Int>] = []
    while let entry = try entries.next() {
      var scanner = LevelDBScanner(try entry.value.bytes()[...])
      // Blocks that lie over one another would make a small file a large one.
      guard let block = Self.place(&scanner, in: file), block.lowerBound >= blocks.last?.upperBound ?? 0 else {
        throw file.damaged("its index makes no sense")
      }
      blocks.append(block)
    }
    self.blocks = blocks
  }

  func block(_ index: Int) throws(DataError) -> LevelDBBlock {
    try LevelDBBlock(Self.contents(of: blocks[index], in: file), of: file)
  }

  /// Reads the place of a block: its start and its length without the five bytes behind it.
  private static func place(_ scanner: inout LevelDBScanner, in file: LevelDBFile) -> Range<Int>? {
    guard let start = scanner.varint(), let length = scanner.varint(), start <= UInt64(file.size),
      length <= UInt64(file.size) - start, Int(start + length) + 5 <= file.size
    else { return nil }
    return Int(start)..<Int(start + length)
  }

  /// A block as it was before it was compressed. Behind it stand the kind of compression and a checksum.
  private static func contents(of place: Range<Int>, in file: LevelDBFile) throws(DataError) -> [UInt8] {
    let stored = try file.read(place.lowerBound..<place.upperBound + 5)
    let isIntact = stored.withUnsafeBytes {
      CRC32C.matches(
        stored.number(UInt32.self, at: place.count + 1), UnsafeRawBufferPointer(rebasing: $0[...place.count]))
    }
    guard isIntact else { throw file.damaged("the block at byte \(place.lowerBound) has a wrong checksum") }
    switch stored[place.count] {
    case 0: return Array(stored[..<place.count])
    case 1:
      guard let unpacked = Snappy.unpack(stored[..<place.count]) else {
        throw file.damaged("the block at byte \(place.lowerBound) cannot be unpacked")
      }
      return unpacked
    case let kind:
      throw DataError(
        file.path, "the block at byte \(place.lowerBound) is compressed in a way (\(kind)) that is not known here",
        remedy: "write the database with Snappy, which is LevelDB's own way, or without compression")
    }
  }
}

/// The entries of a block, read from start to end.
struct LevelDBBlock {
  private let file: LevelDBFile
  private let bytes: [UInt8]
  private let end: Int
  private var position = 0
  private var key: [UInt8] = []

  init(_ bytes: [UInt8], of file: LevelDBFile) throws(DataError) {
    self.bytes = bytes
    self.file = file
    guard bytes.count >= 4 else { throw file.damaged("a block is too short") }
    let restarts = Int(bytes.number(UInt32.self, at: bytes.count - 4))
    guard restarts <= (bytes.count - 4) / 4 else { throw file.damaged("a block is too short for its keys") }
    end = bytes.count - 4 - 4 * restarts
  }

  mutating func next() throws(DataError) -> LevelDBEntry? {
    guard position < end else { return nil }
    var scanner = LevelDBScanner(bytes[position..<end])
    guard let kept = scanner.varint(), kept <= UInt64(key.count), let added = scanner.length(),
      let length = scanner.length(), let suffix = scanner.bytes(added), let value = scanner.bytes(length)
    else { throw file.damaged("an entry of a block makes no sense") }
    position = scanner.position
    key.replaceSubrange(Int(kept)..., with: suffix)
    // The last eight bytes of a key are the kind of the entry and its number.
    guard key.count >= 8 else { throw file.damaged("a key is too short") }
    let number = key.number(UInt64.self, at: key.count - 8)
    return LevelDBEntry(
      key: key[..<(key.count - 8)], sequence: number >> 8, isRemoval: number & 0xFF == 0, value: .here(value))
  }
}
