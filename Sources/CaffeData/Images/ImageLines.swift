internal import CaffeProto

/// The lines of a text file that lists images: a path, which may contain spaces, and its labels, behind spaces or tabs.
struct ImageLines {
  private(set) var names: [String] = []
  private(set) var labels: [Double] = []
  /// The bytes of names that are not UTF-8, which most are, by their place.
  private(set) var rawNames: [Int: [UInt8]] = [:]

  /// - Parameter labelCount: How many numbers stand on each line; nil means one whole number, or none, which counts as 0.
  init(_ path: String, labelCount: Int?) throws(DataError) {
    let file: TextFile
    do {
      file = try TextFile(path)
    } catch {
      throw DataError(path, "cannot read this list of images: \(error)")
    }
    for line in file.lines where !line.bytes.isEmpty {
      let line = Line(rest: line.bytes, place: "\(path):\(line.number)")
      if let labelCount { try add(line, labelCount) } else { try add(line) }
    }
  }

  private struct Line {
    /// What has not been taken off yet, without white space at its end.
    var rest: ArraySlice<UInt8>
    var place: String

    /// Takes the last word off, if there are two.
    mutating func popWord() -> String? {
      guard let space = rest.lastIndex(where: \.isBlank) else { return nil }
      let word = rest[(space + 1)...]
      rest = rest[..<space].trimmed
      return String(decoding: word, as: UTF8.self)
    }
  }

  private mutating func add(_ line: Line) throws(DataError) {
    var line = line
    guard let word = line.popWord() else {
      // As in Caffe: the number that the path begins with, and 0 for almost all.
      let digits = String(decoding: line.rest.prefix { (0x30...0x39).contains($0) }, as: UTF8.self)
      add(line.rest, [Double(Int32(digits) ?? 0)])
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
    add(line.rest, [Double(label)])
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
    add(line.rest, numbers.reversed())
  }

  private mutating func add(_ name: ArraySlice<UInt8>, _ numbers: [Double]) {
    if let text = String(validating: name, as: UTF8.self) {
      names.append(text)
    } else {
      rawNames[names.count] = Array(name)
      names.append(String(decoding: name, as: UTF8.self))
    }
    labels += numbers
  }
}
