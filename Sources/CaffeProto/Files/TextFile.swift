import FoundationEssentials

/// A text file, read whole: a net, a list, a log. It may come through a pipe.
///
/// The byte order mark that some editors put before UTF-8 is left out. What is no text, or text in another encoding, is an error
/// that names it.
package struct TextFile: Sendable {
  package let bytes: [UInt8]

  /// - Parameter mayHoldZeros: whether zeros may be among the bytes, as in a log that a power cut has ended.
  package init(_ path: String, mayHoldZeros: Bool = false) throws(FileFailure) {
    let file = try FileStream(Array(path.utf8))
    // At once, so that a file without end is refused; and again, as a pipe may bring a few bytes at first.
    let data = try file.readToEnd(limit: Self.limit) { Self.flaw(of: $0, mayHoldZeros) }
    if let flaw = data.withUnsafeBytes({ Self.flaw(of: $0, mayHoldZeros) }) { throw flaw }
    bytes = Array(data.starts(with: Self.byteOrderMark) ? data.dropFirst(3) : data)
  }

  /// No text that a person or a script makes for a net is larger; a file without end, such as `/dev/zero`, is.
  private static let limit = 1 << 31

  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text, which must be UTF-8.
  package func string() throws(FileFailure) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let line = lines.first { String(validating: $0.bytes, as: UTF8.self) == nil }
    throw .unreadable("line \(line?.number ?? 1) is not UTF-8; save the file in that encoding")
  }

  // MARK: Lines

  package struct Line {
    /// Counted from 1.
    package var number: Int
    /// Without white space at either end.
    package var bytes: ArraySlice<UInt8>

    /// The text; bytes that are not UTF-8 show as the replacement character.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// The lines, which may end as on any system; empty ones are among them.
  package var lines: Lines { Lines(bytes: bytes) }

  package struct Lines: Sequence, IteratorProtocol {
    /// The whole text, of which lines are slices.
    package let bytes: [UInt8]
    private var position = 0
    private var number = 0

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    package mutating func next() -> Line? {
      guard position < bytes.count else { return nil }
      number += 1
      let start = position
      while position < bytes.count, bytes[position] != UInt8(ascii: "\n"), bytes[position] != UInt8(ascii: "\r") {
        position += 1
      }
      var line = bytes[start..<position]
      if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\r"), bytes[position + 1] == UInt8(ascii: "\n") {
        position += 1
      }
      position += 1
      // Files that were put together from several ones have the mark in the middle.
      if line.starts(with: TextFile.byteOrderMark) { line = line.dropFirst(3) }
      return Line(number: number, bytes: line.trimmed)
    }
  }

  // MARK: What is no text

  /// What the first bytes of a file say against its being text.
  private static func flaw(of start: UnsafeRawBufferPointer, _ mayHoldZeros: Bool) -> FileFailure? {
    let start = start.prefix(4096)
    for (name, magic) in encodings where start.starts(with: magic) {
      return .unreadable("it is in \(name); save it in UTF-8")
    }
    for (name, magic) in packings where start.starts(with: magic) {
      return .unreadable("it is packed with \(name); unpack it first")
    }
    if start.starts(with: [0x89, 0x48, 0x44, 0x46]) { return .unreadable("it is an HDF5 file, and no text") }
    guard !mayHoldZeros, let zero = start.firstIndex(of: 0) else { return nil }
    // In UTF-16 every other byte of English is a zero.
    let isUTF16 = start.count >= 4 && (start[0] == 0) == (start[2] == 0) && (start[1] == 0) == (start[3] == 0)
    if zero < 2, isUTF16, (start[0] == 0) != (start[1] == 0) {
      return .unreadable("it is in UTF-16; save it in UTF-8")
    }
    return .unreadable("it is no text: there is a zero in it, at byte \(zero)")
  }

  private static let encodings: [(name: String, magic: [UInt8])] = [
    ("UTF-32", [0xFF, 0xFE, 0, 0]), ("UTF-32", [0, 0, 0xFE, 0xFF]), ("UTF-16", [0xFF, 0xFE]), ("UTF-16", [0xFE, 0xFF]),
  ]

  private static let packings: [(name: String, magic: [UInt8])] = [
    ("gzip", [0x1F, 0x8B]), ("bzip2", Array("BZh91AY&SY".utf8)), ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
    ("zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("zip", [0x50, 0x4B, 3, 4]),
  ]
}

extension ArraySlice<UInt8> {
  /// The bytes without white space at either end.
  package var trimmed: ArraySlice<UInt8> {
    let end = lastIndex { !$0.isBlank }.map { $0 + 1 } ?? startIndex
    return self[..<end].drop(while: \.isBlank)
  }
}

extension UInt8 {
  /// Whether this is white space of ASCII.
  package var isBlank: Bool { self == 0x20 || 0x09...0x0D ~= self }
}
