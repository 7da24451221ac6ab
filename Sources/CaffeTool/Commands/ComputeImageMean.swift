import ArgumentParser
import Caffe
import FoundationEssentials
import Logging

/// `compute_image_mean`: averages the images of a database, pixel by pixel.
struct ComputeImageMean: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute_image_mean",
    abstract: "compute the mean image of a database",
    usage: "compute_image_mean [FLAGS] <input_db> [<output_file>]")

  @OptionGroup var backend: BackendOption

  @Argument(help: ArgumentHelp("The database.", valueName: "input_db"))
  var database: String

  @Argument(help: ArgumentHelp("The mean file to write (.binaryproto).", valueName: "output_file"))
  var output: String?

  @OptionGroup(title: "Log") var logging: LogOptions

  func run(in session: Session) throws {
    let log = session.log
    if let output { try requireOther(output, than: [database]) }
    let database = try openDatabase(database, backend.given)
    log.info("Opened \(database.backend.rawValue) \(database.path)")
    if let notice = database.notice { log.warning("\(database.path): \(notice)") }
    var mean: MeanImage?
    var flawed = 0
    var line = ProgressLine("Averaging", to: 0, on: session.output)
    defer { line.finish() }
    try database.forEachRecord { record, progress in
      let datum = try record.datum(of: database.path)
      if mean == nil {
        if datum.encoded { log.info("Decoding Datum") }
        log.info("Starting iteration")
      }
      do {
        let image = try Image(datum) { flaw in
          flawed += 1
          log.warning("record '\(record.name)': \(flaw)")
        }
        var sum = mean ?? MeanImage(image.shape)
        // The one copy of the sums must not be held twice, or each addition would copy them.
        mean = nil
        try sum.add(image)
        mean = sum
        if sum.count % 10000 == 0 { log.info("Processed \(sum.count) files.") }
        line.update(sum.count, of: Int(Double(sum.count) / max(progress, 1e-9)))
      } catch let error as NetError {
        throw ToolError(
          "\(database.path): record '\(record.name)': \(error.problem)" + (error.remedy.map { "\n  \($0)" } ?? ""))
      }
    }
    line.finish()
    guard let mean else { return }
    if mean.count % 10000 != 0 { log.info("Processed \(mean.count) files.") }
    if flawed > 0 { log.warning("\(flawed) of \(mean.count) images are damaged; what could be read of them counts.") }
    let values = mean.values
    if let output {
      log.info("Write to \(output)")
      try write(values, shape: mean.shape, to: output)
    }
    log.info("Number of channels: \(mean.shape.channels)")
    let plane = mean.shape.height * mean.shape.width
    for channel in 0..<mean.shape.channels {
      // Summed as the original sums, so that the digits are the same.
      let sum = values[channel * plane..<(channel + 1) * plane].reduce(0, +)
      log.info("mean_value channel [\(channel)]: \((sum / Float(plane)).shortText)")
    }
  }

  private func write(_ values: [Float], shape: ImageShape, to path: String) throws {
    let blob = BlobProto.with {
      ($0.num, $0.channels, $0.height, $0.width) = (1, Int32(shape.channels), Int32(shape.height), Int32(shape.width))
      $0.data = values
    }
    try AtomicFile.write(blob.serializedBytes() as Data, to: path)
  }
}

/// Sums of images, in single precision and one after the other as in the original: the mean file is equal to the byte.
struct MeanImage {
  let shape: ImageShape
  private(set) var count = 0
  private var sums: [Float]

  init(_ shape: ImageShape) {
    self.shape = shape
    sums = Array(repeating: 0, count: shape.count)
  }

  mutating func add(_ image: Image) throws(NetError) {
    guard image.shape.count == shape.count else {
      throw NetError(
        "Incorrect data field size \(image.shape.count): it is \(image.shape), but the first record is \(shape)",
        remedy: "give convert_imageset -resize_height and -resize_width, so that all images have one size")
    }
    sums.withUnsafeMutableBufferPointer { sums in
      switch image.pixels {
      case .bytes(let bytes):
        bytes.withUnsafeBytes { bytes in
          for index in sums.indices { sums[index] += Float(bytes[index]) }
        }
      case .floats(let values):
        for index in sums.indices { sums[index] += values[index] }
      }
    }
    count += 1
  }

  var values: [Float] { sums.map { $0 / Float(count) } }
}
