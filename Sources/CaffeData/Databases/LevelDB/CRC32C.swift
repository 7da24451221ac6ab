/// The checksum of LevelDB: the cyclic redundancy check with Castagnoli's polynomial (RFC 3720, appendix B.4).
enum CRC32C {
  /// Whether the bytes have a checksum that LevelDB stored. It stores them rotated and shifted, since a checksum of bytes
  /// that contain checksums is weak.
  static func matches(_ stored: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let rotated = stored &- 0xA282_EAD8
    return checksum(bytes) == (rotated >> 17 | rotated << 15)
  }

  /// Takes eight bytes a step, each with a table of its own ("slicing by 8", Kounavis and Berry, 2005).
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var crc = ~UInt32(0)
      var index = 0
      while index + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for slice in 0..<8 {
          crc ^= tables[(7 - slice) << 8 | Int(truncatingIfNeeded: (word >> UInt64(8 * slice)) & 0xFF)]
        }
        index += 8
      }
      while index < bytes.count {
        crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])]
        index += 1
      }
      return ~crc
    }
  }

  /// Entry `256 · n + b` is the remainder of the byte b with n zero bytes behind it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()
}
