import ArgumentParser
import Caffe
import FoundationEssentials
import Logging

/// `resize_and_crop_images`: makes square images, the shorter side resized and the middle of the longer one cut out.
struct ResizeAndCropImages: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize_and_crop_images",
    abstract: "make square images of one size",
    usage: "resize_and_crop_images [FLAGS] --input_folder <folder> --output_folder <folder>",
    discussion:
      "All JPEG, PNG, BMP and PNM files are taken, also those in folders below, which are made in the output too.")

  @Option(name: .customLong("input_folder"), help: "The folder with the images.")
  var input: String

  @Option(name: .customLong("output_folder"), help: "Where to write the images, under their names.")
  var output: String

  @Option(name: .customLong("output_side_length"), help: "The extent of the squares.")
  var side = 256

  @Option(name: .customLong("input"), help: "A list of images in the folder, a path a line. Without it, all images.")
  var list: String?

  @Option(name: .customLong("image_lib"), help: "Without effect: all images are read in one way.")
  var library: String?

  @Option(
    name: .customLong("num_clients"), help: "How many images are worked on at a time; by default one a processor.")
  var clients: Int?

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    try requireName(input, "-input_folder")
    try requireName(output, "-output_folder")
    try requireName(list, "-input")
    guard (1...65535).contains(side) else {
      throw ValidationError("-output_side_length must be 1 to 65535, and is \(side).")
    }
    guard (1...1024).contains(clients ?? 1) else { throw ValidationError("-num_clients must be 1 to 1024.") }
  }

  func run(in session: Session) throws {
    keepFreedMemory()
    if library != nil { session.log.warning("-image_lib has no effect: all images are read in one way.") }
    let names = try imageNames()
    var line = ProgressLine("Resizing", to: names.count, on: session.output)
    defer { line.finish() }
    var (count, skipped) = (0, 0)
    var next = names.indices
    let (input, output, side, log) = (input, output, side, session.log)
    try OrderedWorkers.run(
      threads: clients ?? workerCount, next: { next.popFirst().map { names[$0] } },
      work: { name in
        let path = "\(input)/\(name)"
        return try squareImage(from: path, to: "\(output)/\(name)", side: side) { log.warning("\(path): \($0)") }
      },
      finish: { problem in
        if let problem {
          skipped += 1
          session.log.error("\(problem)")
        } else {
          count += 1
        }
        line.update(count + skipped)
      })
    line.finish()
    session.log.info("Wrote \(count) images of \(side)x\(side).")
    if skipped > 0 { throw ToolError("\(skipped) of \(names.count) images could not be read; they are named above") }
  }

  private func imageNames() throws -> [String] {
    var names: [String]
    if let list {
      do { names = try TextFile(list).string().split(whereSeparator: \.isNewline).map { String($0.trimmed) } } catch {
        throw ToolError("\(list): cannot read this list of images: \(error)")
      }
      names.removeAll(where: \.isEmpty)
    } else {
      let found: [String]
      do { found = try files(below: input).map { String(decoding: $0, as: UTF8.self) } } catch {
        throw ToolError("\(error)")
      }
      names = found.filter { (try? ImageFileKind(named: fileEnding($0))) != nil }.sorted()
    }
    guard !names.isEmpty else { throw ToolError("\(list ?? input): there are no images") }
    return names
  }
}

/// Writes the middle of an image as a square; what went wrong if the image cannot be read.
private func squareImage(
  from input: String, to output: String, side: Int, warn: (String) -> Void
) throws -> String? {
  let file: Data
  do { file = try fileContents(input) } catch {
    // A missing file is told in the original's words.
    return "Could not open or find file \(input)" + (error == .notFound ? "" : ": \(error)")
  }
  let image: Bitmap
  do { image = try Bitmap(decoding: file, DecodingOptions(color: .color), report: warn) } catch {
    return "\(input): \(error.problem)"
  }
  // Whole numbers as in the original: the longer side is rounded down.
  let height = image.height > image.width ? side * image.height / image.width : side
  let width = image.height > image.width ? side : side * image.width / image.height
  let resized = image.resized(height: height, width: width)
  let (top, left) = ((height - side) / 2, (width - side) / 2)
  var pixels: [UInt8] = []
  pixels.reserveCapacity(side * side * resized.channels)
  for row in top..<top + side {
    let start = (row * width + left) * resized.channels
    pixels += resized.pixels[start..<start + side * resized.channels]
  }
  let square = Bitmap(height: side, width: side, channels: resized.channels, pixels: pixels)
  let folder = URL(filePath: output).deletingLastPathComponent().path
  do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
    throw ToolError("\(folder): cannot make this folder")
  }
  try AtomicFile.write(ImageFileKind(named: fileEnding(input)).encode(square), to: output, isLasting: false)
  return nil
}
