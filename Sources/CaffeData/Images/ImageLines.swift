internal import FoundationEssentials

/// The lines of a text file that lists images: a path, which may contain spaces, and its labels, behind spaces.
struct ImageLines {
  private(set) var names: [String] = []
  private(set) var labels: [Double] = []

  /// - Parameter labelCount: How many numbers stand on each line; nil means one whole number, or none, which counts as 0.
  init(_ path: String, labelCount: Int?) throws(DataError) {
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw DataError(path, "cannot read this list of images: \(error)")
    }
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let line = Line(String(decoding: line, as: UTF8.self), place: "\(path):\(index + 1)")
      guard !line.text.isEmpty else { continue }
      if let labelCount { try add(line, labelCount) } else { try add(line) }
    }
  }

  private struct Line {
    /// Without spaces and the carriage return at its end.
    var text: Substring
    var place: String

    init(_ line: String, place: String) {
      text = line[...]
      while let last = text.last, last.isWhitespace { text.removeLast() }
      self.place = place
    }

    /// Takes the last word off.
    mutating func popWord() -> Substring? {
      guard let space = text.lastIndex(where: { $0 == " " || $0 == "\t" }) else { return nil }
      let word = text[text.index(after: space)...]
      text = text[..<space]
      return word
    }
  }

  private mutating func add(_ line: Line) throws(DataError) {
    var line = line
    guard let word = line.popWord() else {
      // As in Caffe: the number that the path begins with, and 0 for almost all.
      names.append(String(line.text))
      labels.append(Double(Int32(line.text.prefix { $0.isASCII && $0.isNumber }) ?? 0))
      return
    }
    guard let label = Int(word) else {
      throw DataError(
        line.place, "'\(word)' is no whole number, but the last word of a line is the label",
        remedy: "write '<path> <label>' on each line, or set label_size for other numbers")
    }
    guard let label = Int32(exactly: label) else {
      throw DataError(line.place, "the label \(label) is beyond \(Int32.min) to \(Int32.max)")
    }
    names.append(String(line.text))
    labels.append(Double(label))
  }

  private mutating func add(_ line: Line, _ count: Int) throws(DataError) {
    var line = line
    var numbers: [Double] = []
    while numbers.count < count {
      guard let word = line.popWord(), let number = Double(word), number.isFinite else {
        throw DataError(
          line.place, "there are \(numbers.count) labels behind the path, but label_size is \(count)",
          remedy: "write '<path> <number> …' on each line")
      }
      numbers.append(number)
    }
    names.append(String(line.text))
    labels += numbers.reversed()
  }
}
