import ArgumentParser
import Caffe
import FoundationEssentials
import Logging

/// `convert_imageset`: puts images with labels into a database.
struct ConvertImageset: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert_imageset",
    abstract: "convert a set of images to a database",
    usage: "convert_imageset [FLAGS] ROOTFOLDER/ LISTFILE DB_NAME",
    discussion: """
      The list has a path and a label on each line. In place of a list, a folder with a folder for each class or an \
      archive of such folders may be given; classes are then numbered in the order of their names.

      Until it is complete the database is called DB_NAME.partial. A run that is interrupted leaves that folder, with all \
      records that were stored by then; remove it to begin again, or rename it to use what is in it.
      """)

  @Argument(help: ArgumentHelp("What is put before each path of the list.", valueName: "ROOTFOLDER/"))
  var root: String

  @Argument(help: ArgumentHelp("The list of images.", valueName: "LISTFILE"))
  var list: String

  @Argument(help: ArgumentHelp("The database to make, which must not exist yet.", valueName: "DB_NAME"))
  var database: String

  @Flag(inversion: .prefixedNo, exclusivity: .chooseLast, help: "Read the images in grey.")
  var gray = false

  @Flag(inversion: .prefixedNo, exclusivity: .chooseLast, help: "Store the images in random order.")
  var shuffle = false

  @Option(help: "The seed of the random order; by default it is another one each time.")
  var seed: UInt64?

  @OptionGroup var backend: BackendOption

  @Option(name: .customLong("resize_width"), help: "The width to resize to; 0 keeps it.")
  var width = 0

  @Option(name: .customLong("resize_height"), help: "The height to resize to; 0 keeps it.")
  var height = 0

  @Flag(
    name: .customLong("check_size"), inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Stop at an image of another size than the first.")
  var checksSize = false

  @Flag(inversion: .prefixedNo, exclusivity: .chooseLast, help: "Store image files in place of pixels.")
  var encoded = false

  @Option(
    name: .customLong("encode_type"),
    help: "Store files of this type: png, jpg, bmp or ppm. Without it, of the type they have.")
  var encodeType = ""

  @OptionGroup(title: "Log") var logging: LogOptions

  /// The root folder may be.
  static let takesEmptyOperands = true

  func validate() throws {
    try requireName(list, "LISTFILE")
    try requireName(database, "DB_NAME")
    for (name, value) in [("width", width), ("height", height)] where !(0...65535).contains(value) {
      throw ValidationError("-resize_\(name) must be 0 to 65535, and is \(value).")
    }
    guard (width > 0) == (height > 0) else {
      let (given, missing) = width > 0 ? ("width", "height") : ("height", "width")
      throw ValidationError("-resize_\(given) needs -resize_\(missing) beside it; give both, or neither.")
    }
    guard seed == nil || shuffle else { throw ValidationError("-seed is for -shuffle, which is missing.") }
  }

  func run(in session: Session) throws {
    keepFreedMemory()
    let log = session.log
    let images = try ImageList(list, root: root)
    if !images.classes.isEmpty, !["", ".", "./", "/"].contains(root) {
      log.warning("ROOTFOLDER \(root) has no effect, as \(list) is no list of paths.")
    }
    for (label, name) in images.classes.enumerated() { log.info("Label \(label): \(name)") }
    var order = Array(0..<images.count)
    if shuffle {
      log.info("Shuffling data")
      var random = Random(seed: seed ?? .random(in: .min ... .max))
      order.shuffle(using: &random)
    }
    log.info("A total of \(images.count) images.")
    if !encodeType.isEmpty, !encoded { log.info("encode_type specified, assuming encoded=true.") }

    let conversion = try ImageConversion(
      isGray: gray, height: height, width: width, isEncoded: encoded || !encodeType.isEmpty,
      format: encodeType.isEmpty ? nil : ImageFileKind(named: encodeType))
    let writer = try createDatabase(database, backend.kind)
    var line = ProgressLine("Converting", to: images.count, on: session.output)
    defer { line.finish() }
    var next = order.indices
    var (count, skipped, flawed) = (0, 0, 0)
    var firstSize: Int?
    try OrderedWorkers.run(
      threads: workerCount, next: { next.popFirst().map { ($0, images[order[$0]]) } },
      work: { number, image in try conversion.convert(image, number: number) },
      finish: { result in
        switch result {
        case .unreadable(let path, let reason):
          skipped += 1
          log.error("Could not open or find file \(path)\(reason.map { ": \($0)" } ?? "")")
        case .record(let key, let value, let size, let flaw):
          if let flaw {
            flawed += 1
            log.warning("'\(key)': \(flaw)")
          }
          if checksSize, let firstSize, size != firstSize {
            throw ToolError(
              "Incorrect data field size \(size): '\(key)' has another size than the first image (\(firstSize))")
          }
          firstSize = firstSize ?? size
          try writer.put(value, key: key)
          count += 1
          if count % 1000 == 0 { log.info("Processed \(count) files.") }
        }
        line.update(count + skipped)
      })
    line.finish()
    guard count > 0 else { throw ToolError("\(list): none of its images could be read, so there is no database") }
    try writer.finish()
    if count % 1000 != 0 { log.info("Processed \(count) files.") }
    if flawed > 0 {
      log.warning("\(flawed) of \(images.count) images are damaged; what could be read of them is in the database.")
    }
    if skipped > 0 {
      log.warning("\(skipped) of \(images.count) images could not be read and are not in the database.")
    }
  }
}

/// How an image becomes a record.
struct ImageConversion: Sendable {
  var isGray: Bool
  var height: Int
  var width: Int
  var isEncoded: Bool
  /// The format of stored files; by default that which a file's name has.
  var format: ImageFileKind?

  enum Result: Sendable {
    case record(key: String, value: [UInt8], size: Int, flaw: String?)
    case unreadable(path: String, reason: String?)
  }

  func convert(_ image: ListedImage, number: Int) throws -> Result {
    let key = "\(recordKey(number))_\(image.name)"
    let file: Data
    do { file = try image.read() } catch {
      // A missing file is told in the original's words.
      let words = "Could not open or find file: "
      let reason = error.problem.hasPrefix(words) ? String(error.problem.dropFirst(words.count)) : error.problem
      return .unreadable(path: image.path, reason: image.isMissing ? nil : reason)
    }
    var bitmap: Bitmap
    var flaw: String?
    do {
      bitmap = try Bitmap(decoding: file, DecodingOptions(color: isGray ? .gray : .color)) { flaw = $0 }
    } catch {
      return .unreadable(path: image.path, reason: error.problem)
    }
    let label = Int32(image.labels[0])
    var datum = Datum()
    if isEncoded {
      let format = try format ?? ImageFileKind(named: fileEnding(image.name))
      let isFit = height == 0 && width == 0 && (bitmap.channels == 3) == !isGray
      let isOfType = (try? ImageFileKind(named: fileEnding(image.name))) == format
      datum.data = isFit && isOfType ? file : try format.encode(resized(bitmap))
      datum.label = label
      datum.encoded = true
    } else {
      bitmap = resized(bitmap)
      datum.channels = Int32(bitmap.channels)
      datum.height = Int32(bitmap.height)
      datum.width = Int32(bitmap.width)
      datum.data = bitmap.planes
      datum.label = label
      datum.encoded = false
    }
    return .record(key: key, value: try datum.serializedBytes(), size: datum.data.count, flaw: flaw)
  }

  /// Both extents must be given, or the image is kept as it is.
  private func resized(_ bitmap: Bitmap) -> Bitmap {
    height > 0 && width > 0 ? bitmap.resized(height: height, width: width) : bitmap
  }
}
