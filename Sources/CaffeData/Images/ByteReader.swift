internal import CaffeCore

/// The bytes of an image file, read at any place or one after the other.
struct ByteReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// What the file is, for messages.
  let kind: String

  init(_ bytes: UnsafeBufferPointer<UInt8>, kind: String) {
    self.bytes = bytes
    self.kind = kind
  }

  var tooShort: NetError { NetError(damaged: kind, "the file ends too early") }
  var left: Int { bytes.count - position }

  mutating func next() throws(NetError) -> UInt8 {
    guard position < bytes.count else { throw tooShort }
    defer { position += 1 }
    return bytes[position]
  }

  /// The little-endian number of `count` bytes at a place.
  func number(at place: Int, _ count: Int) throws(NetError) -> Int {
    guard place >= 0, place <= bytes.count - count else { throw tooShort }
    return bytes[place..<place + count].littleEndian
  }

  /// Such a number with a sign, of 32 bits.
  func signed(at place: Int) throws(NetError) -> Int {
    Int(Int32(truncatingIfNeeded: try number(at: place, 4)))
  }
}
