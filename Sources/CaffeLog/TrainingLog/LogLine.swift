#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A line of a log, searched byte by byte: logs of long runs have millions of lines.
struct LogLine {
  let bytes: ArraySlice<UInt8>

  /// What follows the first place where the text stands.
  func behind(_ text: String) -> LogLine? {
    var text = text
    let end = bytes.withUnsafeBytes { line in
      text.withUTF8 { text in Self.end(of: UnsafeRawBufferPointer(text), in: line) }
    }
    return end.map { LogLine(bytes: bytes[(bytes.startIndex + $0)...]) }
  }

  private static func end(of text: UnsafeRawBufferPointer, in line: UnsafeRawBufferPointer) -> Int? {
    guard let start = line.baseAddress, let wanted = text.baseAddress else { return nil }
    var place = 0
    while place + text.count <= line.count,
      let hit = memchr(start + place, CInt(text[0]), line.count - place - text.count + 1)
    {
      place = UnsafeRawPointer(hit) - start
      if memcmp(hit, wanted, text.count) == 0 { return place + text.count }
      place += 1
    }
    return nil
  }

  func contains(_ text: String) -> Bool { behind(text) != nil }

  /// The longest beginning of which all bytes belong to the given characters.
  func prefix(of characters: String) -> String {
    let allowed = Set(characters.utf8)
    return String(decoding: bytes.prefix { allowed.contains($0) }, as: UTF8.self)
  }

  /// The beginning up to a blank.
  var word: String { String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self) }
}

/// The moment in a line's prefix, `I0210 13:39:22.381027` or `I20240210 13:39:22.381027`, in microseconds.
struct LogTime {
  var month: Int
  private var day: Int
  private var year: Int?
  private var withinDay: Int

  init?(_ line: LogLine) {
    let words = line.bytes.prefix(48).split(separator: 32, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
    guard words.count >= 2, "IWEF".contains(words[0].first ?? " ") else { return nil }
    let date = words[0].dropFirst()
    guard date.count == 4 || date.count == 8, let month = Int(date.suffix(4).prefix(2)), (1...12).contains(month),
      let day = Int(date.suffix(2)), (1...31).contains(day)
    else { return nil }
    let clock = words[1].split(separator: ".", maxSplits: 1)
    let parts = (clock.first ?? "").split(separator: ":").compactMap { Int($0) }
    // Numbers that no clock shows could overflow below.
    guard clock.count == 2, parts.count == 3, parts.allSatisfy({ (0..<100).contains($0) }),
      let fraction = Int(clock[1]), (0..<1_000_000_000).contains(fraction)
    else { return nil }
    self.month = month
    self.day = day
    year = date.count == 8 ? Int(date.prefix(4)) : nil
    withinDay = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1_000_000 + fraction
  }

  /// Microseconds since the year 0, if the line does not tell another year.
  func microseconds(in year: Int) -> Int {
    let year = self.year ?? year
    // Days before a year and before a month, with years that begin in March so that leap days come last.
    let (shifted, sinceMarch) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * sinceMarch + 2) / 5 + day
    return days * 86_400_000_000 + withinDay
  }
}
