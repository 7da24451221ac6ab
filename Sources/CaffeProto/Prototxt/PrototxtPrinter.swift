/// Writes messages, given in protobuf's wire format, as prototxt; fields that the schema lacks are left out.
struct PrototxtPrinter {
  private(set) var text = ""
  private var indent = ""

  mutating func print(_ bytes: MemoryBytes, as message: Schema.MessageType) {
    var reader = WireReader(bytes)
    while !reader.isAtEnd, let content = reader.next() {
      guard let field = message.field(numbered: content.number) else { continue }
      if case .message(let name) = field.kind, content.type == .lengthDelimited {
        guard let child = Schema.caffe.messages[name] else { preconditionFailure("\(name) is not in the schema") }
        text += "\(indent)\(field.name) {\n"
        indent += "  "
        print(content.content, as: child)
        indent.removeLast(2)
        text += "\(indent)}\n"
      } else if let wireType = field.kind.wireType, wireType == content.type {
        line(field, content)
      } else if let wireType = field.kind.wireType, content.type == .lengthDelimited {
        packed(field, wireType, content.content)
      }
    }
  }

  private mutating func line(_ field: Schema.Field, _ content: WireReader<MemoryBytes>.Field) {
    text += "\(indent)\(field.name): "
    switch field.kind {
    case .int32: text += "\(Int32(truncatingIfNeeded: content.value))"
    case .int64: text += "\(Int64(bitPattern: content.value))"
    case .uint32: text += "\(UInt32(truncatingIfNeeded: content.value))"
    case .uint64: text += "\(content.value)"
    case .float: text += prototxt(Float(bitPattern: UInt32(content.value)), fixedDigits: 6...9)
    case .double: text += prototxt(Double(bitPattern: content.value), fixedDigits: 15...17)
    case .bool: text += content.value == 0 ? "false" : "true"
    case .string, .bytes: text += PrototxtString.encode(content.content)
    case .enumeration(let name):
      let number = Int(Int32(truncatingIfNeeded: content.value))
      text += Schema.caffe.enumerations[name]?.name(numbered: number) ?? "\(number)"
    case .message(let name): preconditionFailure("\(name) is not a scalar")
    }
    text += "\n"
  }

  private mutating func packed(
    _ field: Schema.Field, _ type: WireType, _ bytes: MemoryBytes
  ) {
    var reader = WireReader(bytes)
    while !reader.isAtEnd {
      guard let value = type == .varint ? reader.varint() : reader.fixed(type == .fixed32 ? 4 : 8) else { return }
      line(
        field,
        WireReader<MemoryBytes>.Field(number: field.number, type: type, value: value, content: bytes, whole: bytes))
    }
  }
}

extension Schema.Kind {
  /// How a single value is laid out; nil for messages.
  var wireType: WireType? {
    switch self {
    case .int32, .int64, .uint32, .uint64, .bool, .enumeration: .varint
    case .float: .fixed32
    case .double: .fixed64
    case .string, .bytes: .lengthDelimited
    case .message: nil
    }
  }
}

/// The fewest digits that give the same number back, with an exponent where C's `%g` has one: below 10⁻⁴, and from
/// 10⁶ (or 10⁹ with more than 6 digits).
func prototxt<Value: BinaryFloatingPoint & LosslessStringConvertible>(
  _ value: Value, fixedDigits: ClosedRange<Int>
) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
  guard value != 0 else { return value.sign == .minus ? "-0" : "0" }
  let (digits, exponent) = shortestDigits(value.magnitude.description)
  let precision = digits.count <= fixedDigits.lowerBound ? fixedDigits.lowerBound : fixedDigits.upperBound
  let sign = value < 0 ? "-" : ""
  if exponent < -4 || exponent >= precision {
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    let magnitude = exponent.magnitude
    return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(magnitude < 10 ? "0" : "")\(magnitude)"
  }
  if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
  let whole = digits.prefix(exponent + 1)
  let zeros = String(repeating: "0", count: exponent + 1 - whole.count)
  let fraction = digits.dropFirst(exponent + 1)
  return sign + whole + zeros + (fraction.isEmpty ? "" : "." + fraction)
}

/// The significant digits of a positive decimal number, and the power of ten of the first of them.
private func shortestDigits(_ text: String) -> (digits: String, exponent: Int) {
  let parts = text.split(separator: "e")
  let number = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = number[0]
  let all = whole + (number.count > 1 ? number[1] : "")
  let leading = all.prefix { $0 == "0" }.count
  var digits = all.dropFirst(leading)
  while digits.last == "0" { digits.removeLast() }
  let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  return (String(digits), whole.count - 1 - leading + power)
}
