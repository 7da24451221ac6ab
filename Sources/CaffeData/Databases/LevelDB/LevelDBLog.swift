/// A file of records behind one another, the form of LevelDB's journal of writes and of its manifest.
///
/// The file is a row of blocks of 32 KiB, and a record is one piece or several, none of which crosses the end of a block:
///
/// | at 0     | at 4   | at 6                                  | from 7    |
/// |----------|--------|---------------------------------------|-----------|
/// | checksum | length | kind: 1 whole, 2 first, 3 next, 4 last | the bytes |
///
/// Less than seven bytes at the end of a block are filling, and so are zeros at the end of the file, where space was
/// reserved ahead.
final class LevelDBLog: Sendable {
  /// Where each record's bytes are, counted without the heads of the pieces.
  let records: [Range<Int>]
  let file: LevelDBFile
  /// Whether the last record is incomplete, and left out.
  let isTorn: Bool
  /// The pieces: where their bytes begin in that count, and in the file.
  private let pieces: [(start: Int, place: Int)]

  private static let blockSize = 32768
  private static let headSize = 7

  /// Reads and checks the whole file, but keeps only the places.
  ///
  /// - Parameter mayBeTorn: Whether the file may end within a record, as it does when the program that writes it is killed.
  init(_ file: LevelDBFile, mayBeTorn: Bool = false) throws(DataError) {
    var records: [Range<Int>] = []
    var pieces: [(start: Int, place: Int)] = []
    var end = 0
    /// Where the record begun last has its bytes.
    var begun: Int?
    var blockStart = 0
    var isTorn = false
    reading: while blockStart < file.size {
      let block = try file.read(blockStart..<min(blockStart + Self.blockSize, file.size))
      let isLast = blockStart + block.count == file.size
      var position = 0
      while position + Self.headSize <= block.count {
        let length = Int(block.number(UInt16.self, at: position + 4))
        let kind = block[position + 6]
        if kind == 0, length == 0 {
          guard try Self.isZero(file, from: blockStart + position) else {
            throw file.damaged("there is a hole at byte \(blockStart + position)")
          }
          break reading
        }
        let place = position + Self.headSize
        if isLast, length > block.count - place {
          isTorn = true
          break reading
        }
        let isIntact = block.withUnsafeBytes {
          length <= $0.count - place
            && CRC32C.matches(
              block.number(UInt32.self, at: position), UnsafeRawBufferPointer(rebasing: $0[place - 1..<place + length]))
        }
        guard isIntact, (1...4).contains(kind), (kind <= 2) == (begun == nil) else {
          throw file.damaged("the record at byte \(blockStart + position) has a wrong checksum or place")
        }
        if kind <= 2 { begun = end }
        pieces.append((end, blockStart + place))
        end += length
        if kind == 1 || kind == 4, let start = begun {
          records.append(start..<end)
          begun = nil
        }
        position = place + length
      }
      if isLast, block.count < Self.blockSize, position < block.count { isTorn = true }
      blockStart += Self.blockSize
    }
    isTorn = isTorn || begun != nil
    if isTorn, !mayBeTorn { throw file.damaged("the last record is incomplete") }
    self.file = file
    self.isTorn = isTorn
    self.records = records
    self.pieces = pieces
  }

  private static func isZero(_ file: LevelDBFile, from start: Int) throws(DataError) -> Bool {
    for piece in stride(from: start, to: file.size, by: blockSize) {
      let bytes = try file.read(piece..<min(piece + blockSize, file.size))
      if bytes.contains(where: { $0 != 0 }) { return false }
    }
    return true
  }

  /// The bytes of a record, or of a part of one.
  func read(_ range: Range<Int>) throws(DataError) -> [UInt8] {
    guard !range.isEmpty else { return [] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    // The last piece that begins at or before the range; pieces without bytes come before the one that has them.
    var low = 0
    var high = pieces.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if pieces[middle].start <= range.lowerBound { low = middle } else { high = middle }
    }
    var position = range.lowerBound
    while position < range.upperBound {
      let next = low + 1 < pieces.count ? pieces[low + 1].start : range.upperBound
      let count = min(next, range.upperBound) - position
      let place = pieces[low].place + position - pieces[low].start
      bytes += try file.read(place..<place + count)
      position += count
      low += 1
    }
    return bytes
  }
}
