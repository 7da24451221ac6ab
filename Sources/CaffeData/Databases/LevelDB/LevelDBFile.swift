internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One of the files of a LevelDB database, read by position and never trusted.
final class LevelDBFile: Sendable {
  let path: String
  let size: Int
  private let descriptor: FileDescriptor

  init(path: String) throws(DataError) {
    guard let descriptor = FileDescriptor(opening: path), let size = descriptor.size else {
      let code = errno
      throw DataError(
        path, systemReason(code),
        remedy: code == ENOENT
          ? "the file belongs to the database; copy it again with all its files, or make it anew" : nil)
    }
    self.path = path
    self.descriptor = descriptor
    self.size = size
  }

  /// The bytes of a range, which must lie within the file.
  func read(_ range: Range<Int>) throws(DataError) -> [UInt8] {
    guard range.upperBound <= size else {
      throw damaged("byte \(range.upperBound) is wanted, but the file has \(size)")
    }
    return try descriptor.bytes(range.count, at: range.lowerBound, of: path)
  }

  func damaged(_ problem: String) -> DataError {
    DataError(
      path, "\(problem): the file is damaged or cut short",
      remedy: "copy or download the database again, or make it anew")
  }
}

/// Reads numbers and strings as LevelDB writes them, one after the other; `nil` where the bytes end.
struct LevelDBScanner {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position == bytes.endIndex }

  mutating func byte() -> UInt8? {
    guard position < bytes.endIndex else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  /// Seven bits a byte, the lowest first; the top bit says that another byte follows.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = byte() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// A varint that counts bytes, so it cannot be more than there are left.
  mutating func length() -> Int? {
    guard let value = varint(), value <= UInt64(bytes.endIndex - position) else { return nil }
    return Int(value)
  }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= bytes.endIndex - position else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A length, then as many bytes.
  mutating func string() -> ArraySlice<UInt8>? {
    guard let count = length() else { return nil }
    return bytes(count)
  }
}
