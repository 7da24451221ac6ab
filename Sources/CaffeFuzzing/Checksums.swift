/// Checksums made right again, so that damage reaches the code behind them.
extension FileBundle {
  /// The files of a LevelDB database with the checksums that they would have if they had been written like this.
  var withTrueChecksums: FileBundle {
    FileBundle(
      files.map { name, content in
        var content = content
        if name.hasSuffix(".ldb") || name.hasSuffix(".sst") {
          sealTable(&content)
        } else if name.hasSuffix(".log") || name.hasPrefix("MANIFEST") {
          sealLog(&content)
        }
        return (name, content)
      })
  }
}

/// The headers of a tar file with their true sums.
func withTrueSums(tar bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  var offset = 0
  // Blocks of zeros mark the end.
  while offset + 512 <= bytes.count, bytes[offset..<offset + 512].contains(where: { $0 != 0 }) {
    var sum = 8 * 32
    for index in offset..<offset + 512 where !(148..<156).contains(index - offset) { sum += Int(bytes[index]) }
    let digits = String(sum, radix: 8)
    let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
    bytes.replaceSubrange(offset + 148..<offset + 156, with: text.utf8)
    let size = bytes[offset + 124..<offset + 135].reduce(0) { (0x30...0x37).contains($1) ? $0 << 3 | Int($1 & 7) : $0 }
    offset += 512 + (min(size, bytes.count) + 511) / 512 * 512
  }
  return bytes
}

/// Pieces of a log: checksum, length in two bytes, kind, content; in blocks of 32 KiB.
private func sealLog(_ bytes: inout [UInt8]) {
  for block in stride(from: 0, to: bytes.count, by: 32768) {
    let end = min(bytes.count, block + 32768)
    var position = block
    while position + 7 <= end {
      let next = position + 7 + Int(bytes[position + 4]) + Int(bytes[position + 5]) << 8
      guard next <= end, bytes[position + 6] != 0 else { break }
      seal(&bytes, position + 6..<next, at: position)
      position = next
    }
  }
}

/// The blocks of a table: the index, whose place is in the last 48 bytes, and those that it names unless it is compressed.
private func sealTable(_ bytes: inout [UInt8]) {
  guard bytes.count >= 48 else { return }
  var position = bytes.count - 48
  let handles = (0..<4).compactMap { _ in varint(bytes, &position) }
  guard handles.count == 4, let index = block(in: bytes, handles[2], handles[3]) else { return }
  position = index.lowerBound
  let isPlain = bytes[index.upperBound] == 0
  // Behind the entries lie the places of some of them, four bytes each, and how many these are.
  let places = index.count < 4 ? 0 : (1...4).reduce(0) { $0 << 8 | Int(bytes[index.upperBound - $1]) }
  let end = index.upperBound - 4 - 4 * min(places, index.count)
  while isPlain, position < end, let kept = varint(bytes, &position), let added = varint(bytes, &position),
    let length = varint(bytes, &position), kept < 1 << 20, added < bytes.count, length < bytes.count
  {
    position += added
    var place = position
    position += length
    guard let start = varint(bytes, &place), let count = varint(bytes, &place),
      let inner = block(in: bytes, start, count)
    else { break }
    seal(&bytes, inner.lowerBound..<inner.upperBound + 1, at: inner.upperBound + 1)
  }
  seal(&bytes, index.lowerBound..<index.upperBound + 1, at: index.upperBound + 1)
}

private func block(in bytes: [UInt8], _ start: Int, _ count: Int) -> Range<Int>? {
  start <= bytes.count && count <= bytes.count - start && start + count + 5 <= bytes.count ? start..<start + count : nil
}

private func varint(_ bytes: [UInt8], _ position: inout Int) -> Int? {
  var value = 0
  for shift in stride(from: 0, to: 63, by: 7) {
    guard position < bytes.count else { return nil }
    value |= Int(bytes[position] & 0x7F) << shift
    position += 1
    if bytes[position - 1] < 0x80 { return value }
  }
  return nil
}

/// Writes LevelDB's masked CRC-32C of a range to a place.
private func seal(_ bytes: inout [UInt8], _ range: Range<Int>, at place: Int) {
  var sum = UInt32.max
  for byte in bytes[range] { sum = sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
  let masked = ((~sum >> 15) | (~sum << 17)) &+ 0xA282_EAD8
  for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: masked >> UInt32(8 * index)) }
}

private let table: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
}
