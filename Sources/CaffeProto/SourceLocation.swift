/// A place in a text file, with the line it is in.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  public let file: String
  /// Counted from 1; 0 stands for the file as a whole.
  public let line: Int
  /// Counted in characters from 1.
  public let column: Int
  /// The line, or, of a very long one, the part around the column.
  public let text: String
  /// How many characters of `text` lie before the place.
  private let offset: Int

  /// The file as a whole.
  public init(file: String) {
    self.init(file: file, line: 0, column: 0, text: "", offset: 0)
  }

  private init(file: String, line: Int, column: Int, text: String, offset: Int) {
    self.file = file
    self.line = line
    self.column = column
    self.text = text
    self.offset = offset
  }

  /// The place `position` of `bytes`, which is in the line that starts at `lineStart`.
  ///
  /// - Parameter counted: A place before in the same line, and its column: a long line need not be counted twice.
  init(
    file: String, line: Int, lineStart: Int, position: Int, in bytes: [UInt8],
    counted: (position: Int, column: Int)? = nil
  ) {
    let counted = counted ?? (lineStart, 1)
    let longest = 120
    let start = max(lineStart, position - longest / 2)
    let limit = min(bytes.count, position + longest)
    var end = position
    while end < limit, bytes[end] != UInt8(ascii: "\n"), bytes[end] != UInt8(ascii: "\r") { end += 1 }
    // A cut in the middle of a character would show as a replacement character.
    let isContinuation = { (byte: UInt8) in byte & 0xC0 == 0x80 }
    let visible = bytes[start..<end].drop(while: isContinuation)
    self.init(
      file: file, line: line,
      column: counted.column + bytes[counted.position..<position].count { !isContinuation($0) },
      text: String(decoding: visible, as: UTF8.self),
      offset: bytes[start..<position].drop(while: isContinuation).count { !isContinuation($0) })
  }

  /// `file:line:column`, or the file alone.
  public var description: String { line == 0 ? file : "\(file):\(line):\(column)" }

  /// The line and a caret below the place; empty for the file as a whole.
  var excerpt: String {
    guard line > 0 else { return "" }
    let indent = text.unicodeScalars.prefix(offset).map { $0 == "\t" ? "\t" : " " }.joined()
    return "\(text)\n\(indent)^"
  }
}
