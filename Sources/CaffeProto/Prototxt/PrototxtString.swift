/// The escapes of strings in prototxt.
enum PrototxtString {
  /// The bytes that a literal with its quotes stands for, or nil if an escape is not one.
  static func decode(_ literal: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(literal.count)
    var rest = literal.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escape = rest.popFirst() else { return nil }
      switch escape {
      case UInt8(ascii: "a"): result.append(7)
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "v"): result.append(11)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"): result.append(escape)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        rest = literal[(rest.startIndex - 1)..<rest.endIndex]
        guard let value = digits(from: &rest, atMost: 3, radix: 8), value < 256 else { return nil }
        result.append(UInt8(value))
      case UInt8(ascii: "x"), UInt8(ascii: "X"):
        guard let value = digits(from: &rest, atMost: 2, radix: 16) else { return nil }
        result.append(UInt8(value))
      case UInt8(ascii: "u"), UInt8(ascii: "U"):
        let count = escape == UInt8(ascii: "u") ? 4 : 8
        let length = rest.count
        guard let value = digits(from: &rest, atMost: count, radix: 16), length - rest.count == count,
          let scalar = Unicode.Scalar(value)
        else { return nil }
        result.append(contentsOf: String(scalar).utf8)
      default: return nil
      }
    }
    return result
  }

  private static func digits(from rest: inout ArraySlice<UInt8>, atMost count: Int, radix: UInt32) -> UInt32? {
    var value: UInt32?
    for _ in 0..<count {
      guard let digit = rest.first?.hexValue, digit < radix else { break }
      value = (value ?? 0) &* radix &+ UInt32(digit)
      rest.removeFirst()
    }
    return value
  }

  /// A literal in double quotes, with everything but printable ASCII escaped.
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var result = "\""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"): result += "\\n"
      case UInt8(ascii: "\r"): result += "\\r"
      case UInt8(ascii: "\t"): result += "\\t"
      case UInt8(ascii: "\""): result += "\\\""
      case UInt8(ascii: "'"): result += "\\'"
      case UInt8(ascii: "\\"): result += "\\\\"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let octal = String(byte, radix: 8)
        result += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      }
    }
    return result + "\""
  }
}
