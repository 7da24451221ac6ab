/// The values of fields, by the type that the schema asks for.
extension PrototxtParser {
  mutating func scalar(of field: Schema.Field, into wire: inout WireWriter) throws(PrototxtFailure) {
    switch field.kind {
    case .int32: try integer(of: field, in: Int64(Int32.min)...Int64(Int32.max), into: &wire)
    case .int64: try integer(of: field, in: Int64.min...Int64.max, into: &wire)
    case .uint32: try integer(of: field, in: 0...UInt64(UInt32.max), into: &wire)
    case .uint64: try integer(of: field, in: 0...UInt64.max, into: &wire)
    case .float:
      let value = Float(try decimal(of: field))
      wire.key(field.number, .fixed32)
      wire.fixed(value.bitPattern)
    case .double:
      let value = try decimal(of: field)
      wire.key(field.number, .fixed64)
      wire.fixed(value.bitPattern)
    case .bool:
      let value = try boolean(of: field)
      wire.key(field.number, .varint)
      wire.varint(value ? 1 : 0)
    case .string, .bytes:
      let value = try string(of: field)
      wire.lengthDelimited(field.number, value)
    case .enumeration(let name):
      let value = try enumerationValue(of: field, in: name)
      wire.key(field.number, .varint)
      wire.varint(UInt64(bitPattern: Int64(value)))
    case .message(let name):
      preconditionFailure("\(name) is not a scalar")
    }
  }

  private mutating func takeMinus() throws(PrototxtFailure) -> Bool {
    guard isSymbol(UInt8(ascii: "-")) else { return false }
    try advance()
    return true
  }

  /// The magnitude that an integer token writes in decimal, hexadecimal (`0x1F`) or octal (`017`).
  private func magnitude() -> UInt64? {
    let text = scanner.text(token)
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16) }
    return UInt64(text, radix: text.hasPrefix("0") ? 8 : 10)
  }

  private mutating func integer<Value: FixedWidthInteger>(
    of field: Schema.Field, in range: ClosedRange<Value>, into wire: inout WireWriter
  ) throws(PrototxtFailure) {
    let start = token
    let isNegative = try takeMinus()
    guard token.kind == .integer else {
      throw PrototxtFailure(start, .expected("an integer for \(field.name)", found: found))
    }
    let sign = isNegative ? "-" : ""
    guard let magnitude = magnitude(),
      let value = isNegative ? Value(exactly: -Int128(magnitude)) : Value(exactly: magnitude), range.contains(value)
    else {
      let words = "from \(range.lowerBound) to \(range.upperBound)"
      throw PrototxtFailure(start, .outOfRange(sign + scanner.text(token), field: field.name, range: words))
    }
    try advance()
    wire.key(field.number, .varint)
    wire.varint(UInt64(truncatingIfNeeded: value))
  }

  private mutating func decimal(of field: Schema.Field) throws(PrototxtFailure) -> Double {
    let start = token
    let isNegative = try takeMinus()
    var text = scanner.text(token)
    let value: Double?
    switch token.kind {
    case .integer where text.count > 1 && text.hasPrefix("0"):
      throw PrototxtFailure(token, .notDecimal(text))
    case .integer, .float:
      if text.hasSuffix("f") || text.hasSuffix("F") { text.removeLast() }
      value = Double(text)
    case .identifier where ["inf", "infinity"].contains(text.lowercased()):
      value = .infinity
    case .identifier where text.lowercased() == "nan":
      value = .nan
    case .identifier, .string, .symbol, .end:
      value = nil
    }
    guard let value else { throw PrototxtFailure(start, .expected("a number for \(field.name)", found: found)) }
    try advance()
    return isNegative ? -value : value
  }

  private mutating func boolean(of field: Schema.Field) throws(PrototxtFailure) -> Bool {
    let value: Bool? =
      switch (token.kind, scanner.text(token)) {
      case (.identifier, "true"), (.identifier, "True"), (.identifier, "t"): true
      case (.identifier, "false"), (.identifier, "False"), (.identifier, "f"): false
      case (.integer, _): magnitude().flatMap { $0 == 1 ? true : $0 == 0 ? false : nil }
      default: nil
      }
    guard let value else { throw PrototxtFailure(token, .expected("true or false for \(field.name)", found: found)) }
    try advance()
    return value
  }

  /// A string, or several in a row, which are joined.
  private mutating func string(of field: Schema.Field) throws(PrototxtFailure) -> [UInt8] {
    guard token.kind == .string else {
      throw PrototxtFailure(token, .expected("a string in quotes for \(field.name)", found: found))
    }
    var value: [UInt8] = []
    let start = token
    while token.kind == .string {
      guard let part = PrototxtString.decode(scanner.bytes[token.start..<token.end]) else {
        throw PrototxtFailure(token, .invalidEscape)
      }
      value += part
      try advance()
    }
    if field.kind == .string, String(validating: value, as: UTF8.self) == nil {
      throw PrototxtFailure(start, .notUTF8(field: field.name))
    }
    return value
  }

  private mutating func enumerationValue(of field: Schema.Field, in name: String) throws(PrototxtFailure) -> Int {
    guard let enumeration = Schema.caffe.enumerations[name] else { preconditionFailure("\(name) is not in the schema") }
    let names = enumeration.values.map(\.name)
    let start = token
    if token.kind == .identifier {
      let text = scanner.text(token)
      guard let number = enumeration.number(named: text) else {
        throw PrototxtFailure(
          token, .unknownValue(text, field: field.name, nearest: nearestName(to: text, among: names)))
      }
      try advance()
      return number
    }
    let isNegative = try takeMinus()
    guard token.kind == .integer else {
      let example = nearestName(to: found.filter { $0 != "\"" && $0 != "'" }, among: names) ?? names[0]
      throw PrototxtFailure(
        start, .expected("a value of \(field.name) without quotes, such as \(example)", found: found))
    }
    guard !isNegative, let number = magnitude().flatMap({ Int(exactly: $0) }), enumeration.name(numbered: number) != nil
    else {
      let text = (isNegative ? "-" : "") + scanner.text(token)
      throw PrototxtFailure(start, .unknownValue(text, field: field.name, nearest: nil))
    }
    try advance()
    return number
  }
}
