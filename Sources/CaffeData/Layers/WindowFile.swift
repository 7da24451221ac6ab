internal import CaffeCore
internal import CaffeProto
internal import FoundationEssentials
internal import Logging

/// A box in an image, both corners included.
struct Window: Sendable {
  var image: Int
  var label: Float
  var x1: Int
  var y1: Int
  var x2: Int
  var y2: Int

  var box: String { "(\(x1), \(y1)) to (\(x2), \(y2))" }
}

/// Images with windows that overlap objects more or less.
///
///     # 0
///     picture.jpg
///     3 480 640            channels, height, width
///     2                    how many windows follow
///     7 0.9 10 20 110 90   class, overlap, x1, y1, x2, y2
///     7 0.2 300 5 400 60
///
/// All of it is separated by white space. The images are numbered 0, 1, 2, …. A path may contain blanks if nothing else stands on
/// its line.
struct WindowFile: Sendable {
  struct Image: Sendable {
    var file: ListedImage
    var channels: Int
  }

  private(set) var images: [Image] = []
  /// Windows that overlap an object enough, and those that overlap none enough, which have class 0.
  private(set) var objects: [Window] = []
  private(set) var backgrounds: [Window] = []

  init(_ parameter: WindowDataParameter) throws(NetError) {
    let path = parameter.source
    var words: Words
    do {
      words = Words(try TextFile(path), path: path)
    } catch {
      throw NetError(
        "Failed to open window file \(path): \(error)",
        remedy: "correct window_data_param.source, which is relative to the working directory")
    }
    while let sign = words.next() {
      guard sign == "#" else { throw words.error("there is '\(sign)' where '#' must begin an image") }
      let number = try words.integer("the number of the image")
      guard number == images.count else {
        throw words.error("image \(number) comes where image \(images.count) must", "number them 0, 1, 2, …")
      }
      guard let name = words.nextPath() else { throw words.error("the path of image \(number) is missing") }
      let channels = try words.integer("the channels of image \(number)")
      _ = try words.integer("the height of image \(number)")
      _ = try words.integer("the width of image \(number)")
      guard channels == 3 else { throw words.error("image \(number) has \(channels) channels, but 3 are read") }
      images.append(Image(file: ListedImage(path: Array(parameter.rootFolder.utf8) + name), channels: channels))
      let count = try words.integer("the number of windows of image \(number)")
      for _ in 0..<max(count, 0) { try add(&words, number, parameter) }
    }
    guard !images.isEmpty else { throw NetError("Window file is empty: \(path)") }
    guard !objects.isEmpty || Int(Float(parameter.batchSize) * parameter.fgFraction) == 0 else {
      throw NetError("\(path) has no window that overlaps by fg_threshold \(parameter.fgThreshold)")
    }
    guard !backgrounds.isEmpty || Int(Float(parameter.batchSize) * parameter.fgFraction) == Int(parameter.batchSize)
    else {
      throw NetError("\(path) has no window that overlaps by less than bg_threshold \(parameter.bgThreshold)")
    }
  }

  private mutating func add(_ words: inout Words, _ image: Int, _ parameter: WindowDataParameter) throws(NetError) {
    let label = try words.integer("the class of a window")
    let overlap = try words.number("the overlap of a window")
    let corners = [
      try words.integer("x1 of a window"), try words.integer("y1 of a window"), try words.integer("x2 of a window"),
      try words.integer("y2 of a window"),
    ]
    var window = Window(
      image: image, label: Float(label), x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3])
    guard window.x1 <= window.x2, window.y1 <= window.y2, corners.allSatisfy({ abs($0) < 1 << 20 }) else {
      throw words.error("the window \(window.box) is no box")
    }
    if overlap >= parameter.fgThreshold {
      guard label > 0 else {
        throw words.error("a window that overlaps an object has class \(label)", "classes begin at 1")
      }
      objects.append(window)
    } else if overlap < parameter.bgThreshold {
      window.label = 0
      backgrounds.append(window)
    }
  }

  func log(to logger: Logger) {
    logger.info("Number of images: \(images.count)")
    let counts = Dictionary(grouping: objects + backgrounds, by: { Int($0.label) }).mapValues(\.count)
    for (label, count) in counts.sorted(by: { $0.key < $1.key }) { logger.info("class \(label) has \(count) samples") }
  }
}

/// The words of a text, one after the other.
private struct Words {
  private var lines: TextFile.Lines
  /// What is left of the present line.
  private var rest: ArraySlice<UInt8> = []
  private var line = 0
  private let path: String

  init(_ file: TextFile, path: String) {
    lines = file.lines
    self.path = path
  }

  private mutating func nextBytes() -> ArraySlice<UInt8>? {
    while rest.isEmpty {
      guard let next = lines.next() else { return nil }
      (line, rest) = (next.number, next.bytes)
    }
    let word = rest.prefix { !$0.isBlank }
    rest = rest.dropFirst(word.count).trimmed
    return word
  }

  mutating func next() -> String? { nextBytes().map { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of the next word, or those up to the end of its line if not all that follows on the line are numbers.
  mutating func nextPath() -> ArraySlice<UInt8>? {
    guard let word = nextBytes() else { return nil }
    let others = rest.split(whereSeparator: \.isBlank).map { String(decoding: $0, as: UTF8.self) }
    guard others.contains(where: { Double($0) == nil }) else { return word }
    let path = lines.bytes[word.startIndex..<rest.endIndex]
    rest = []
    return path
  }

  mutating func integer(_ what: String) throws(NetError) -> Int {
    guard let word = next(), let value = Int32(word) else { throw error("\(what) is missing or no whole number") }
    return Int(value)
  }

  mutating func number(_ what: String) throws(NetError) -> Float {
    guard let word = next(), let value = Float(word), value.isFinite else {
      throw error("\(what) is missing or no number")
    }
    return value
  }

  func error(_ problem: String, _ remedy: String? = nil) -> NetError {
    NetError("\(path):\(line): \(problem)", remedy: remedy)
  }
}
