extension Unicode.Scalar {
  /// Whether a reader cannot see this character, or takes it for a plain space.
  var isInvisible: Bool {
    switch properties.generalCategory {
    case .control: self != "\n" && self != "\t"
    case .spaceSeparator: self != " "
    case .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: properties.isDefaultIgnorableCodePoint
    }
  }

  /// The number and the name in Unicode's table: `U+00A0, no-break space`.
  var numberAndName: String {
    let digits = String(value, radix: 16, uppercase: true)
    let number = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    let name = Self.otherNames[value] ?? properties.name?.lowercased()
    return name.map { "\(number), \($0)" } ?? number
  }

  /// Names of characters that the table has none for, or a less known one.
  private static let otherNames: [UInt32: String] = [
    0: "null", 0x0D: "carriage return", 0x1B: "escape", 0x7F: "delete", 0x85: "next line", 0xFEFF: "byte order mark",
  ]
}

extension String {
  /// The text with its invisible characters written out, for messages: `data<U+00A0, no-break space>`.
  package var showingInvisibles: String {
    guard utf8.contains(where: { $0 >= 0x7F || $0 < 0x20 && $0 != 0x0A && $0 != 0x09 }),
      unicodeScalars.contains(where: \.isInvisible)
    else { return self }
    return unicodeScalars.map { $0.isInvisible ? "<\($0.numberAndName)>" : String($0) }.joined()
  }
}

extension String {
  /// The text for people: invisible characters written out, and of endless lines the beginning and the end.
  package var readable: String { abridged.showingInvisibles }

  private static let longestLine = 2000

  /// Without the middle of lines that nobody reads to the end, such as those of a file that is no text.
  var abridged: String {
    guard utf8.count > Self.longestLine else { return self }
    return split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.utf8.count > Self.longestLine else { return String(line) }
      return "\(line.prefix(300)) … (\(line.count - 400) characters) … \(line.suffix(100))"
    }.joined(separator: "\n")
  }
}
