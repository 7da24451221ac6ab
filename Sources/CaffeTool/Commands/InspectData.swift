import ArgumentParser
import Caffe
import CaffeDrawing
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `caffe data inspect`: tells what is in a database, an HDF5 file or a list of images.
struct InspectData: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "tell what is in a database, an HDF5 file or a list of images",
    usage: "caffe data inspect [FLAGS] <path>")

  @Argument(help: ArgumentHelp("What to do: inspect.", valueName: "action"))
  var action: String

  @Argument(
    help: ArgumentHelp(
      "An LMDB or LevelDB database, an HDF5 file, or images: a list, a folder of classes or an archive of one.",
      valueName: "path"))
  var path: String

  @Option(name: .customLong("root_folder"), help: "What is put before each path of a list of images.")
  var root = ""

  @Option(help: "Draw samples, evenly spread over the records, into this picture (.png).")
  var sheet: String?

  @Option(help: "How many samples to draw: 48 unless given.")
  var samples: Int?

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard action == "inspect" else { throw ValidationError("caffe data can only inspect, not \"\(action)\".") }
    guard (1...1000).contains(samples ?? 1) else {
      throw ValidationError("-samples must be 1 to 1000, and is \(samples ?? 0).")
    }
    guard sheet?.hasSuffix(".png") ?? true else { throw ValidationError("-sheet needs a name that ends in .png.") }
    guard samples == nil || sheet != nil else { throw ValidationError("-samples is for -sheet, which is missing.") }
  }

  func run(in session: Session) throws {
    if HDF5File.isHDF5(path) {
      try requireNoSheet("this is an HDF5 file")
      try requireNoRoot("an HDF5 file")
      try printLines(describeHDF5(path))
      return
    }
    if DatabaseBackend(at: path) == nil, FileManager.default.fileExists(atPath: path) {
      try requireNoSheet("this is none")
      try printLines(describeImages(path))
      return
    }
    let database = try openDatabase(path)
    try requireNoRoot("a database")
    if let notice = database.notice { session.log.warning("\(path): \(notice)") }
    var report = DatabaseReport(database)
    var line = ProgressLine("Reading", to: 0, on: session.output)
    defer { line.finish() }
    try database.forEachRecord { record, progress in
      try report.add(record)
      line.update(report.count, of: Int(Double(report.count) / max(progress, 1e-9)))
    }
    line.finish()
    try printLines(report.lines)
    if let sheet {
      try AtomicFile.write(contactSheet(of: database, count: report.count, samples: samples ?? 48).png(), to: sheet)
    }
  }

  private func requireNoSheet(_ finding: String) throws(ToolError) {
    guard sheet == nil else { throw ToolError("\(path): -sheet draws images of databases only, and \(finding)") }
  }

  private func requireNoRoot(_ kind: String) throws(ToolError) {
    guard root.isEmpty else { throw ToolError("\(path): -root_folder is for lists of images, and this is \(kind)") }
  }

  /// The images of a list, a folder or an archive: their labels, and the shapes of a sample.
  private func describeImages(_ path: String) throws -> [String] {
    let images = try ImageList(path, root: root)
    if !images.classes.isEmpty { try requireNoRoot("none") }
    var labels: [Int: Int] = [:]
    for index in 0..<images.count { labels[Int(images[index].labels[0]), default: 0] += 1 }
    var shapes: [String: Int] = [:]
    var flawed = 0
    let sampled = min(images.count, DatabaseReport.decodedLimit)
    for sample in 0..<sampled {
      let image = images[sample * images.count / sampled]
      var isFlawed = false
      let bitmap = try? Bitmap(decoding: image.read(), DecodingOptions(obeysOrientation: true)) { _ in isFlawed = true }
      if isFlawed { flawed += 1 }
      shapes[bitmap.map { "\($0.shape)" } ?? "not to be read", default: 0] += 1
    }
    var lines = [
      "path      \(path)",
      "kind      list of images",
      "records   \(images.count)",
      "shapes    \(DatabaseReport.list(shapes))\(sampled < images.count ? " (of a sample)" : "")",
    ]
    if flawed > 0 { lines.append("damaged   \(flawed), which can be read in part") }
    for (label, name) in images.classes.enumerated() { lines.append("class     \(label): \(name)") }
    return lines + labelLines(labels)
  }

  /// The datasets with their shapes, and how often each label occurs.
  private func describeHDF5(_ path: String) throws -> [String] {
    let root = try HDF5File(reading: path).root
    var lines = ["path      \(path)", "kind      HDF5", "size      \(byteText(DatabaseReport.size(of: path)))"]
    for name in try root.names() {
      guard try root.kind(of: name) == .dataset else {
        lines.append("group     \(name)")
        continue
      }
      let dataset = try root.dataset(name)
      lines.append("dataset   \(name): \(dataset.shape.map(String.init).joined(separator: "x")) \(dataset.elements)")
      if name.hasPrefix("label"), dataset.count == dataset.shape.first {
        let values = try dataset.floats()
        guard values.allSatisfy({ $0 == $0.rounded() && abs($0) < 1e6 }) else { continue }
        lines += labelLines(Dictionary(values.map { (Int($0), 1) }, uniquingKeysWith: +))
      }
    }
    return lines
  }
}

/// What a pass over a database finds.
struct DatabaseReport {
  private let path: String
  private let kind: String
  private(set) var count = 0
  private var bytes = 0
  private var shapes: [String: Int] = [:]
  private var contents: [String: Int] = [:]
  private var labels: [Int: Int] = [:]
  private var unlabelled = 0
  private var first = ""
  private var last = ""
  private var decoded = 0
  private var flawed = 0

  /// Of how many encoded images the shape is found out, which takes decoding them.
  static let decodedLimit = 1000

  init(_ database: any Database) {
    path = database.path
    kind = database.backend.name
  }

  mutating func add(_ record: Record) throws {
    let datum = try record.datum(of: path)
    if count == 0 { first = record.name }
    last = record.name
    count += 1
    bytes += record.value.count
    if datum.hasLabel { labels[Int(datum.label), default: 0] += 1 } else { unlabelled += 1 }
    guard datum.encoded else {
      contents[datum.data.isEmpty ? "floats" : "bytes", default: 0] += 1
      shapes["\(datum.channels)x\(datum.height)x\(datum.width)", default: 0] += 1
      return
    }
    contents[ImageFileKind(of: datum.data)?.rawValue ?? "other files", default: 0] += 1
    guard decoded < Self.decodedLimit else { return }
    decoded += 1
    var isFlawed = false
    let image = try? Image(datum) { _ in isFlawed = true }
    if isFlawed { flawed += 1 }
    shapes[image.map { "\($0.shape)" } ?? "not to be decoded", default: 0] += 1
  }

  var lines: [String] {
    let isPartial = decoded == Self.decodedLimit ? " (of the first \(decoded) encoded ones)" : ""
    var lines = [
      "path      \(path)",
      "kind      \(kind)",
      "size      \(byteText(Self.size(of: path))), of which \(byteText(bytes)) are records",
      "records   \(count)",
      "keys      \(first) to \(last)",
      "contents  \(Self.list(contents))",
      "shapes    \(Self.list(shapes))\(isPartial)",
    ]
    if flawed > 0 { lines.append("damaged   \(flawed), which can be decoded in part") }
    lines += labelLines(labels)
    if unlabelled > 0 { lines.append("unlabelled \(unlabelled)") }
    return lines
  }

  /// The most frequent first: `3x32x32 (5000), 1x28x28 (12)`.
  static func list(_ counts: [String: Int]) -> String {
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = sorted.prefix(8).map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    return sorted.count > 8 ? "\(shown) and \(sorted.count - 8) more" : shown
  }

  /// The bytes of a file, or of all files in a folder.
  static func size(of path: String) -> Int {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return (files.isEmpty ? [path] : files.map { "\(path)/\($0)" }).reduce(0) { total, file in
      var status = stat()
      return stat(file, &status) == 0 ? total + Int(status.st_size) : total
    }
  }
}

/// How often each label occurs; of very many labels, only the range.
private func labelLines(_ labels: [Int: Int]) -> [String] {
  guard let least = labels.values.min(), let most = labels.values.max(), let low = labels.keys.min(),
    let high = labels.keys.max()
  else { return [] }
  var lines = [
    "labels    \(labels.count) from \(low) to \(high), each \(least == most ? "\(most)" : "\(least) to \(most)") times"
  ]
  guard labels.count <= 100 else { return lines }
  for (label, count) in labels.sorted(by: { $0.key < $1.key }) {
    let bar = String(repeating: "#", count: max(1, count * 40 / most))
    lines.append("\(String(label).leftPadded(to: 9)) \(String(count).leftPadded(to: 8)) \(bar)")
  }
  return lines
}

private func byteText(_ count: Int) -> String {
  for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(count) >= size {
    return "\((Double(count) / size * 10).rounded() / 10) \(unit)"
  }
  return "\(count) bytes"
}

/// Samples in a grid, each with its label below.
private func contactSheet(of database: any Database, count: Int, samples: Int) throws -> Bitmap {
  let (cell, caption, gap) = (96, 12, 6)
  let shown = min(samples, count)
  let columns = min(shown, 8)
  let rows = (shown + columns - 1) / columns
  var sheet = Raster(width: columns * (cell + gap) + gap, height: rows * (cell + caption + gap) + gap)
  let cursor = database.makeCursor()
  var position = 0
  for sample in 0..<shown {
    let index = sample * count / shown
    try cursor.skip(index - position)
    let record = try cursor.next()
    position = index + 1
    let datum = try record.datum(of: database.path)
    let x = gap + sample % columns * (cell + gap)
    let y = gap + sample / columns * (cell + caption + gap)
    if let picture = try? thumbnail(of: Image(datum), size: cell) {
      sheet.copy(picture, x: x + (cell - picture.width) / 2, y: y + (cell - picture.height) / 2)
    }
    let label = datum.hasLabel ? "\(datum.label)" : "-"
    let middle = Drawing.Point(x: Double(x + cell / 2), y: Double(y + cell + caption / 2))
    sheet.write(label, at: middle, from: -3 * Double(label.count), scale: 1, .black)
  }
  return sheet.bitmap
}

/// The image as a bitmap that fits into a square; floats are stretched from black to white.
func thumbnail(of image: Image, size: Int) throws -> Bitmap {
  let shape = image.shape
  let channels = shape.channels >= 3 ? 3 : 1
  let area = shape.height * shape.width
  let planes: [UInt8]
  switch image.pixels {
  case .bytes(let bytes): planes = Array(bytes.prefix(channels * area))
  case .floats(let values):
    let shown = values.prefix(channels * area)
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 0)
    planes = shown.map { high > low ? UInt8(clamping: Int((($0 - low) / (high - low) * 255).rounded())) : 0 }
  }
  var pixels = [UInt8](repeating: 0, count: channels * area)
  for channel in 0..<channels {
    for index in 0..<area { pixels[index * channels + channel] = planes[channel * area + index] }
  }
  let bitmap = Bitmap(height: shape.height, width: shape.width, channels: channels, pixels: pixels)
  let scale = Double(size) / Double(max(shape.height, shape.width))
  return bitmap.resized(
    height: max(1, Int(Double(shape.height) * scale)), width: max(1, Int(Double(shape.width) * scale)))
}
