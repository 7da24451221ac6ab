package import CaffeCore

/// Damages bytes as disks, transfers and editors do, and as an attacker would: the same for the same random numbers.
package struct Mutation {
  private var random: Random
  private let words: [[UInt8]]

  /// - Parameter words: Texts that the format knows, to be written into it.
  package init(_ random: Random, words: [[UInt8]] = []) {
    self.random = random
    self.words = words
  }

  /// A number below a bound.
  package mutating func draw(_ bound: Int) -> Int { random.below(bound) }

  /// A damaged copy; `other` is sound input of the same kind, from which pieces are taken.
  package mutating func damaged(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) { damage(&bytes, with: other) }
    return bytes
  }

  private mutating func damage(_ bytes: inout [UInt8], with other: [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = other
      return
    }
    let place = random.below(bytes.count)
    let run = place..<min(bytes.count, place + 1 + random.below(1 << random.below(9)))
    switch random.below(11) {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.removeSubrange(run)
    case 4: bytes.insert(contentsOf: bytes[run], at: random.below(bytes.count))
    case 5: for index in run { bytes[index] = [0, 0xFF][place & 1] }
    case 6, 7: writeNumber(to: &bytes, at: place)
    case 8: bytes.swapAt(place, random.below(bytes.count))
    case 9 where !words.isEmpty: bytes.replaceSubrange(run, with: words[random.below(words.count)])
    default:
      guard !other.isEmpty else { return }
      let start = random.below(other.count)
      bytes.replaceSubrange(run, with: other[start..<min(other.count, start + run.count)])
    }
  }

  /// Numbers at which arithmetic goes wrong, in one to eight bytes, in digits or in protobuf's varint.
  private mutating func writeNumber(to bytes: inout [UInt8], at place: Int) {
    let numbers: [UInt64] = [0, 1, 0x7F, 0x80, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 62, 1 << 63, .max]
    let number = numbers[random.below(numbers.count)] &+ UInt64(random.below(3)) &- 1
    switch random.below(4) {
    case 0: bytes.replaceSubrange(place...place, with: "\(number)".utf8)
    case 1:
      var rest = number
      var varint: [UInt8] = []
      while rest >= 0x80 {
        varint.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.replaceSubrange(place...place, with: varint + [UInt8(rest)])
    default:
      let width = 1 << random.below(4)
      let isBigEndian = random.below(2) == 1
      for index in 0..<min(width, bytes.count - place) {
        bytes[place + index] = UInt8(
          truncatingIfNeeded: number >> UInt64(8 * (isBigEndian ? width - 1 - index : index)))
      }
    }
  }
}
