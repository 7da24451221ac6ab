/// How a value is laid out in protobuf's wire format.
enum WireType: UInt64 {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}

/// Appends fields in protobuf's wire format.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func key(_ number: Int, _ type: WireType) { varint(UInt64(number) << 3 | type.rawValue) }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func fixed<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ field: some Collection<UInt8>) { bytes.append(contentsOf: field) }

  mutating func lengthDelimited(_ number: Int, _ content: some Collection<UInt8>) {
    key(number, .lengthDelimited)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }
}

/// Bytes in memory.
typealias MemoryBytes = Slice<UnsafeRawBufferPointer>

/// Takes fields in protobuf's wire format apart, and never reads past the end of its bytes.
struct WireReader<Bytes: RandomAccessCollection<UInt8>> where Bytes.Index == Int, Bytes.SubSequence == Bytes {
  struct Field {
    var number: Int
    var type: WireType
    /// The value of a varint or of a fixed number.
    var value: UInt64 = 0
    /// The content of a length-delimited field.
    var content: Bytes
    /// The field with its key.
    var whole: Bytes
  }

  private let bytes: Bytes
  private var position: Int

  init(_ bytes: Bytes) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position == bytes.endIndex }

  /// The next field, or nil if the bytes are not in wire format.
  mutating func next() -> Field? {
    let start = position
    guard let key = varint(), let type = WireType(rawValue: key & 7), key >> 3 > 0, key >> 3 < 1 << 29 else {
      return nil
    }
    var field = Field(number: Int(key >> 3), type: type, content: bytes[position..<position], whole: bytes)
    switch type {
    case .varint:
      guard let value = varint() else { return nil }
      field.value = value
    case .fixed32, .fixed64:
      guard let value = fixed(type == .fixed32 ? 4 : 8) else { return nil }
      field.value = value
    case .lengthDelimited:
      guard let length = varint(), length <= UInt64(bytes.endIndex - position) else { return nil }
      field.content = bytes[position..<position + Int(length)]
      position += Int(length)
    case .startGroup, .endGroup:
      return nil  // Caffe's messages have no groups.
    }
    field.whole = bytes[start..<position]
    return field
  }

  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.endIndex, shift < 70 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func fixed(_ count: Int) -> UInt64? {
    guard bytes.endIndex - position >= count else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }
}
