/// Reads prototxt by the schema and writes it in protobuf's wire format, from which messages are decoded.
///
/// The grammar is that of protobuf's text format:
///
///     message = { field [ "," | ";" ] }
///     field   = name ":" ( value | list ) | name [ ":" ] ( body | list )
///     body    = "{" message "}" | "<" message ">"
///     list    = "[" [ item { "," item } ] "]"
///
/// No message of Caffe contains itself, so the schema bounds the depth of brackets.
struct PrototxtParser {
  var scanner: PrototxtScanner
  var token: PrototxtScanner.Token
  private var messages: [Schema.MessageType] = []
  /// Where the messages in repeated fields of the outermost message start, by field.
  private(set) var places: [String: [SourceLocation]] = [:]

  /// The wire format of the text, and where each message in a repeated field of the outermost message starts.
  static func parse(
    _ bytes: [UInt8], file: String, as message: Schema.MessageType
  ) throws(PrototxtError) -> (wire: [UInt8], places: [String: [SourceLocation]]) {
    let scanner = PrototxtScanner(bytes, file: file)
    var parser = PrototxtParser(scanner: scanner, token: scanner.beginning)
    do {
      try parser.advance()
      let wire = try parser.fields(of: message, from: parser.token, until: nil)
      return (wire, parser.places)
    } catch {
      throw PrototxtError(
        location: parser.scanner.location(of: error.token), problem: error.problem, message: message.name)
    }
  }

  private init(scanner: PrototxtScanner, token: PrototxtScanner.Token) {
    self.scanner = scanner
    self.token = token
  }

  // MARK: Messages

  /// The fields up to the closing bracket, or up to the end of the file if that is nil.
  private mutating func fields(
    of message: Schema.MessageType, from start: PrototxtScanner.Token, until closing: UInt8?
  ) throws(PrototxtFailure) -> [UInt8] {
    messages.append(message)
    defer { messages.removeLast() }

    var wire = WireWriter()
    var seen: Set<Int> = []
    var layerType: String?
    while true {
      if let closing, isSymbol(closing) { break }
      if token.kind == .end {
        if closing == nil { break }
        throw PrototxtFailure(start, .unclosedMessage(message.name))
      }
      guard token.kind == .identifier else {
        throw PrototxtFailure(token, .expected("a field of \(message.name)", found: found))
      }
      let name = scanner.text(token)
      guard let field = message.field(named: name) else {
        let suggestion = PrototxtError.Suggestion(for: name, in: messages, layerType: layerType)
        throw PrototxtFailure(token, .unknownField(name, in: message.name, suggestion: suggestion))
      }
      if !seen.insert(field.number).inserted, !field.isRepeated {
        throw PrototxtFailure(token, .givenTwice(name, in: message.name))
      }
      let place = token
      try advance()
      if case .message(let child) = field.kind {
        try submessages(of: field, named: child, from: place, into: &wire)
      } else {
        try scalars(of: field, layerType: &layerType, into: &wire)
      }
      if isSymbol(UInt8(ascii: ",")) || isSymbol(UInt8(ascii: ";")) { try advance() }
    }
    let missing = message.fields.filter { $0.label == .required && !seen.contains($0.number) }
    guard missing.isEmpty else {
      throw PrototxtFailure(start, .missingFields(missing.map(\.name), in: message.name))
    }
    return wire.bytes
  }

  private mutating func submessages(
    of field: Schema.Field, named name: String, from place: PrototxtScanner.Token, into wire: inout WireWriter
  ) throws(PrototxtFailure) {
    guard let message = Schema.caffe.messages[name] else { preconditionFailure("\(name) is not in the schema") }
    if isSymbol(UInt8(ascii: ":")) { try advance() }
    var first: PrototxtScanner.Token? = place
    try list(of: field) { parser throws(PrototxtFailure) in
      let start = first ?? parser.token
      first = nil
      if parser.messages.count == 1, field.isRepeated {
        parser.places[field.name, default: []].append(parser.scanner.location(of: start))
      }
      let closing: UInt8
      if parser.isSymbol(UInt8(ascii: "{")) {
        closing = UInt8(ascii: "}")
      } else if parser.isSymbol(UInt8(ascii: "<")) {
        closing = UInt8(ascii: ">")
      } else {
        throw PrototxtFailure(parser.token, .expected("\"{\" after \(field.name)", found: parser.found))
      }
      try parser.advance()
      let content = try parser.fields(of: message, from: start, until: closing)
      try parser.advance()
      wire.lengthDelimited(field.number, content)
    }
  }

  private mutating func scalars(
    of field: Schema.Field, layerType: inout String?, into wire: inout WireWriter
  ) throws(PrototxtFailure) {
    guard isSymbol(UInt8(ascii: ":")) else {
      throw PrototxtFailure(token, .expected("\":\" after \(field.name)", found: found))
    }
    try advance()
    if field.name == "type", field.kind == .string, token.kind == .string {
      layerType = String(scanner.text(token).dropFirst().dropLast())
    }
    try list(of: field) { parser throws(PrototxtFailure) in try parser.scalar(of: field, into: &wire) }
  }

  /// One item, or several in square brackets if the field is repeated.
  private mutating func list(
    of field: Schema.Field, item: (inout PrototxtParser) throws(PrototxtFailure) -> Void
  ) throws(PrototxtFailure) {
    guard field.isRepeated, isSymbol(UInt8(ascii: "[")) else { return try item(&self) }
    try advance()
    if isSymbol(UInt8(ascii: "]")) { return try advance() }
    while true {
      try item(&self)
      if isSymbol(UInt8(ascii: "]")) { return try advance() }
      guard isSymbol(UInt8(ascii: ",")) else {
        throw PrototxtFailure(token, .expected("\",\" or \"]\" in the list of \(field.name)", found: found))
      }
      try advance()
    }
  }

  // MARK: Tokens

  mutating func advance() throws(PrototxtFailure) { token = try scanner.next() }

  func isSymbol(_ symbol: UInt8) -> Bool { token.kind == .symbol && scanner.bytes[token.start] == symbol }

  /// The present token in words.
  var found: String {
    switch token.kind {
    case .end: "the end of the file"
    case .symbol: "\"\(scanner.text(token))\""
    case .identifier, .integer, .float, .string: String(scanner.text(token).prefix(64))
    }
  }
}
