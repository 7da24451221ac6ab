/// Unpacks the blocks that LevelDB compresses with Snappy.
///
/// The format is a varint with the length, then pieces: a literal, or a copy of what was unpacked before. The low two bits
/// of a piece's first byte tell which of four kinds it is ("Snappy compressed format description", Google, 2011).
enum Snappy {
  /// The unpacked bytes; `nil` when the packed ones are damaged.
  static func unpack(_ packed: ArraySlice<UInt8>) -> [UInt8]? {
    var scanner = LevelDBScanner(packed)
    // No piece makes more than 64 bytes out of 3, so a forged length costs no memory.
    guard let length = scanner.varint(), length <= UInt64(packed.count) * 22 else { return nil }
    var isComplete = false
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(length)) { output, filled in
      packed[scanner.position...].withUnsafeBufferPointer { input in
        isComplete = unpack(input, into: output, &filled)
      }
    }
    return isComplete ? bytes : nil
  }

  private static func unpack(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, _ filled: inout Int
  ) -> Bool {
    var position = 0
    /// The little-endian number of the next bytes.
    func number(_ count: Int) -> Int? {
      guard count <= input.count - position else { return nil }
      defer { position += count }
      return (0..<count).reduce(0) { $0 | Int(input[position + $1]) << (8 * $1) }
    }
    while position < input.count {
      let tag = Int(input[position])
      position += 1
      if tag & 3 == 0 {
        var count = tag >> 2
        // Up to 60 bytes are counted in the tag, more in one to four bytes of their own.
        if count >= 60 {
          guard let long = number(count - 59) else { return false }
          count = long
        }
        count += 1
        guard count <= input.count - position, count <= output.count - filled else { return false }
        (output.baseAddress! + filled).update(from: input.baseAddress! + position, count: count)
        position += count
        filled += count
      } else {
        let isShort = tag & 3 == 1
        guard let low = number(isShort ? 1 : tag & 3 == 2 ? 2 : 4) else { return false }
        let count = isShort ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
        let distance = isShort ? (tag >> 5) << 8 | low : low
        guard (1...max(1, filled)).contains(distance), filled > 0, count <= output.count - filled else { return false }
        // The source may run into what this copy writes: then it repeats.
        for index in filled..<filled + count { output[index] = output[index - distance] }
        filled += count
      }
    }
    return filled == output.count
  }
}
