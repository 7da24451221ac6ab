/// A mistake in a prototxt file: where it is, what it is and, where one can tell, what was meant.
///
///     lenet.prototxt:12:5: error: ConvolutionParameter has no field "kernal_size"; did you mean "kernel_size"?
///         kernal_size: 5
///         ^
///
/// A last line carries the words of the original Caffe, which its users search for.
public struct PrototxtError: Error, Hashable, Sendable, CustomStringConvertible {
  public var location: SourceLocation
  public var problem: Problem
  /// The message that the file should hold, such as `NetParameter`.
  public var message: String

  public enum Problem: Hashable, Sendable {
    case fileNotFound(String)
    /// The file cannot be read, for the given reason.
    case unreadable(String)
    case unknownField(String, in: String, suggestion: Suggestion? = nil)
    case unknownValue(String, field: String, nearest: String?)
    case expected(String, found: String)
    /// A character outside of strings and comments that the language does not have.
    case strayCharacter(StrayCharacter)
    /// A field with one value is given a second one.
    case givenTwice(String, in: String)
    case missingFields([String], in: String)
    /// A number does not fit; the range is given in words.
    case outOfRange(String, field: String, range: String)
    case notDecimal(String)
    case unclosedMessage(String)
    case unclosedString
    case invalidEscape
    case notUTF8(field: String)
  }

  /// A character, or a byte that is part of none.
  public enum StrayCharacter: Hashable, Sendable {
    case scalar(Unicode.Scalar)
    case byte(UInt8)
  }

  /// Where an unknown field may belong.
  public enum Suggestion: Hashable, Sendable {
    /// The field of this message with the most similar name.
    case nearest(String)
    /// The fields of this message whose messages have such a field.
    case belongsTo([String])
    /// A message around this one that has such a field.
    case enclosing(String)
  }

  public init(location: SourceLocation, problem: Problem, message: String) {
    self.location = location
    self.problem = problem
    self.message = message
  }

  public var description: String {
    let excerpt = location.excerpt
    return "\(location): error: \(problem)\n\(excerpt)\(excerpt.isEmpty ? "" : "\n")\(originalWords)".abridged
  }

  private var originalWords: String {
    let failure = "Failed to parse \(message) file: \(location.file)"
    guard let original = problem.original else { return failure }
    return "\(failure) (Error parsing text-format caffe.\(message): \(location.line):\(location.column): \(original))"
  }
}

extension PrototxtError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fileNotFound(let path): "File not found: \(path)"
    case .unreadable(let reason): "cannot read the file: \(reason)"
    case .unknownField(let name, let message, let suggestion):
      "\(message) has no field \"\(name)\"\(suggestion.map { "; \($0)" } ?? "")"
    case .unknownValue(let value, let field, let nearest):
      "\(field) has no value \(value)\(nearest.map { "; did you mean \($0)?" } ?? "")"
    case .expected(let what, let found): "expected \(what), found \(found)"
    case .strayCharacter(let character): "\(character)"
    case .givenTwice(let name, let message):
      "\(message) has one \"\(name)\" only, and this is the second; remove one of them"
    case .missingFields(let names, let message):
      "\(message) lacks \(names.map { "\"\($0)\"" }.joined(separator: " and ")), which it must have"
    case .outOfRange(let value, let field, let range): "\(value) is out of range: \(field) goes \(range)"
    case .notDecimal(let text): "\(text) is not a decimal number; write it without leading zeros"
    case .unclosedMessage(let name): "this \(name) is never closed; add its closing bracket"
    case .unclosedString: "this string is never closed; add its closing quote"
    case .invalidEscape: "this string has a backslash that starts no known escape; write \\\\ for a backslash"
    case .notUTF8(let field): "\"\(field)\" is not UTF-8; save the file in that encoding"
    }
  }

  /// What the original says, as far as it says it in one sentence.
  var original: String? {
    switch self {
    case .fileNotFound, .unreadable: nil
    case .unknownField(let name, let message, _): "Message type \"caffe.\(message)\" has no field named \"\(name)\"."
    case .unknownValue(let value, let field, _): "Unknown enumeration value of \"\(value)\" for field \"\(field)\"."
    case .givenTwice(let name, _): "Non-repeated field \"\(name)\" is specified multiple times."
    case .missingFields(let names, _): "Message missing required fields: \(names.joined(separator: ", "))"
    case .outOfRange(let value, _, _): "Integer out of range (\(value))"
    case .expected(let what, let found): "Expected \(what), got: \(found)"
    case .strayCharacter(let character): character.original
    case .notDecimal(let text): "Expect a decimal number, got: \(text)"
    case .unclosedMessage: "Expected identifier, got: "
    case .unclosedString: "Unexpected end of string."
    case .invalidEscape: "Invalid escape sequence in string literal."
    case .notUTF8(let field): "String field \"\(field)\" contains invalid UTF-8 data."
    }
  }
}

extension PrototxtError.StrayCharacter: CustomStringConvertible {
  public var description: String {
    switch self {
    case .byte(let byte):
      "the byte 0x\(String(byte, radix: 16, uppercase: true)) is not UTF-8; save the file in that encoding"
    case .scalar(let scalar) where scalar.isInvisible:
      "here is an invisible character (\(scalar.numberAndName)); remove it, or put a plain space in its place"
    case .scalar(let scalar):
      "\"\(scalar)\" (\(scalar.numberAndName)) may stand in strings and comments only; use the plain character of ASCII"
    }
  }

  fileprivate var original: String {
    switch self {
    case .byte(let byte): "Interpreting non ascii codepoint \(byte)."
    case .scalar(let scalar) where scalar.isASCII: "Invalid control characters encountered in text."
    // It looks at the first byte.
    case .scalar(let scalar): "Interpreting non ascii codepoint \(UTF8.encode(scalar)?.first ?? 0)."
    }
  }
}

extension PrototxtError.Suggestion: CustomStringConvertible {
  public var description: String {
    switch self {
    case .nearest(let name): "did you mean \"\(name)\"?"
    case .belongsTo(let fields): "it belongs to \(fields.joined(separator: " or "))"
    case .enclosing(let message): "it belongs to the enclosing \(message): is a \"}\" missing above?"
    }
  }
}
