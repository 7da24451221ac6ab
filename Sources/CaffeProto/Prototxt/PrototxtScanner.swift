/// Cuts prototxt into tokens; comments and white space vanish.
struct PrototxtScanner {
  struct Token {
    enum Kind { case identifier, integer, float, string, symbol, end }

    var kind: Kind
    var start: Int
    var end: Int
    var line: Int
    var lineStart: Int
  }

  let file: String
  let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0
  /// Where the last place was that somebody asked for.
  private var located: (line: Int, position: Int, column: Int)?

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
    if bytes.starts(with: TextFile.byteOrderMark) {
      position = 3
      lineStart = 3
    }
  }

  /// The empty token before all others.
  var beginning: Token { Token(kind: .symbol, start: position, end: position, line: line, lineStart: lineStart) }

  func text(_ token: Token) -> String { String(decoding: bytes[token.start..<token.end], as: UTF8.self) }

  mutating func location(of token: Token) -> SourceLocation {
    let last = located.flatMap { $0.line == token.line && $0.position <= token.start ? ($0.position, $0.column) : nil }
    let location = SourceLocation(
      file: file, line: token.line, lineStart: token.lineStart, position: token.start, in: bytes, counted: last)
    located = (token.line, token.start, location.column)
    return location
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skip(while condition: (UInt8) -> Bool) {
    while let byte = current, condition(byte) { position += 1 }
  }

  private mutating func take(_ characters: StaticString) -> Bool {
    guard let byte = current, characters.withUTF8Buffer({ $0.contains(byte) }) else { return false }
    position += 1
    return true
  }

  private mutating func newline() {
    line += 1
    lineStart = position
  }

  mutating func next() throws(PrototxtFailure) -> Token {
    skipBlanks()
    var token = Token(kind: .end, start: position, end: position, line: line, lineStart: lineStart)
    guard let first = current else { return token }
    if first.isLetter {
      token.kind = .identifier
      skip { $0.isLetter || $0.isDigit }
    } else if first.isDigit || (first == UInt8(ascii: ".") && position + 1 < bytes.count && bytes[position + 1].isDigit)
    {
      token.kind = number()
      if current?.isLetter == true {
        throw PrototxtFailure(token, .expected("a space behind a number", found: "a letter"))
      }
    } else if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
      token.kind = .string
      try string(quote: first, from: token)
    } else {
      guard (0x21...0x7E).contains(first) else { throw PrototxtFailure(token, .strayCharacter(strayCharacter)) }
      token.kind = .symbol
      position += 1
    }
    token.end = position
    return token
  }

  private mutating func skipBlanks() {
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\n"):
        position += 1
        newline()
      case UInt8(ascii: "\r"):
        position += 1
        // Alone, it ends a line as Macs once did.
        if current != UInt8(ascii: "\n") { newline() }
      case UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0B, 0x0C:
        position += 1
      case UInt8(ascii: "#"):
        skip { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      default:
        return
      }
    }
  }

  /// The character at this place, which is none of the language's.
  private var strayCharacter: PrototxtError.StrayCharacter {
    var decoder = UTF8()
    var rest = bytes[position...].prefix(4).makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return .byte(bytes[position]) }
    return .scalar(scalar)
  }

  /// `12`, `0x1F`, `017`, `1.5`, `.5`, `1.`, `1e-3`, `1f`.
  private mutating func number() -> Token.Kind {
    if take("0") {
      if take("xX") {
        skip(while: \.isHexDigit)
        return .integer
      }
      if current?.isDigit == true {
        skip(while: \.isDigit)
        return .integer
      }
    }
    var kind = Token.Kind.integer
    skip(while: \.isDigit)
    if take(".") {
      kind = .float
      skip(while: \.isDigit)
    }
    if take("eE") {
      kind = .float
      _ = take("+-")
      skip(while: \.isDigit)
    }
    return take("fF") ? .float : kind
  }

  private mutating func string(quote: UInt8, from token: Token) throws(PrototxtFailure) {
    position += 1
    while let byte = current {
      position += 1
      switch byte {
      case quote: return
      case UInt8(ascii: "\n"): throw PrototxtFailure(token, .unclosedString)
      case UInt8(ascii: "\\") where current != nil && current != UInt8(ascii: "\n"): position += 1
      default: break
      }
    }
    throw PrototxtFailure(token, .unclosedString)
  }
}

/// A problem and the token it is at; the parser makes a `PrototxtError` of it.
struct PrototxtFailure: Error {
  var token: PrototxtScanner.Token
  var problem: PrototxtError.Problem

  init(_ token: PrototxtScanner.Token, _ problem: PrototxtError.Problem) {
    self.token = token
    self.problem = problem
  }
}

extension UInt8 {
  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
  var isHexDigit: Bool { hexValue != nil }
  var isLetter: Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self
      || self == UInt8(ascii: "_")
  }

  /// The value of a hexadecimal digit.
  var hexValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
