public import CaffeCore
public import CaffeProto
internal import FoundationEssentials
internal import Logging

/// Cuts windows with and without objects out of images, as R-CNN trains on them (Girshick et al., 2014).
///
/// Of each batch the first N − ⌊N · fg_fraction⌋ windows are background, the others objects; each is drawn from all of its
/// kind, with replacement. A window is resized to the crop, whatever its shape.
///
/// | blob     | shape                                                     |
/// |----------|-----------------------------------------------------------|
/// | `top[0]` | N×C×K×K, K being `transform_param.crop_size`              |
/// | `top[1]` | N, the classes of the windows, 0 for background           |
///
/// | parameter      | default | meaning                                                                          |
/// |----------------|---------|----------------------------------------------------------------------------------|
/// | `source`       |         | a file of images and windows; see `WindowFile`                                   |
/// | `batch_size`   |         | N                                                                                |
/// | `fg_threshold` | 0.5     | least overlap of an object                                                       |
/// | `bg_threshold` | 0.5     | background overlaps less than this                                               |
/// | `fg_fraction`  | 0.25    | share of objects in a batch                                                      |
/// | `context_pad`  | 0       | so many pixels of the crop, on each side, show what lies around the window       |
/// | `crop_mode`    | warp    | `square`: grow the window to a square about its centre first                     |
/// | `scale`        | 1       | factor on each value; the one of `transform_param` has no effect                 |
/// | `root_folder`  | none    | put before each path as it is                                                    |
/// | `cache_images` | false   | keep the image files in memory                                                   |
///
/// Of `transform_param`, `crop_size` (needed), `mirror`, `mean_file`, `mean_value` and `exif_orientation` count; of a mean image the
/// middle is taken. What lies outside an image is 0, the mean having been subtracted. Mirroring happens in every phase.
/// Draws depend on the layer's seed and the running number of the window: first the window, then whether to mirror.
public final class WindowDataLayer: StatefulLayer {
  public static let type = "WindowData"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .exactly(2) }

  private let feed: BatchFeed

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.windowDataParam
    let logger = context.logger
    let batchSize = Int(parameter.batchSize)
    guard batchSize > 0 else {
      throw NetError("window_data_param.batch_size is 0", remedy: "set it to the number of windows in a batch")
    }
    guard (0...1).contains(parameter.fgFraction) else {
      throw NetError("window_data_param.fg_fraction is \(parameter.fgFraction), but must be 0 to 1")
    }
    let windows = try WindowFile(parameter)
    if let restrictions = context.restrictions {
      for image in windows.images { try image.file.check(restrictions) }
    }
    windows.log(to: logger)
    let cutter = try WindowCutter(parameter, definition.transformParam, windows, context.restrictions)
    let backgrounds = batchSize - Int(Float(batchSize) * parameter.fgFraction)
    feed = try BatchFeed(
      seed: context.seed, depth: definition.dataParam.prefetch, memoryLimit: context.restrictions?.memoryLimit,
      logger: logger
    ) { seed, position, batches in
      var number = position
      let filler = BatchFiller(batchSize: batchSize, position: position, logger: logger) {
        let isBackground = number % UInt64(batchSize) < backgrounds
        var random = Random(seed: seed, stream: number)
        number += 1
        let choice = isBackground ? windows.backgrounds : windows.objects
        let window = choice[random.below(choice.count)]
        let isMirrored = cutter.mirrors && random.below(2) == 1
        return BatchItem(name: "a window of \(windows.images[window.image].file.path)") { () throws(NetError) in
          try cutter.load(window, isMirrored: isMirrored)
        }
      }
      return Prefetcher(batches) { batch in try filler.fill(batch) }
    }
  }

  public var seed: UInt64 { feed.seed }
  public var position: UInt64 { feed.position }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws { try feed.logShape() }
  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws { try feed.reshape(top) }
  public func forward(_ bottom: [Blob], _ top: [Blob]) throws { try feed.forward(top) }
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
  public func restore(seed: UInt64, position: UInt64) { feed.restore(seed: seed, position: position) }
}

/// Cuts windows out of images and fits them into the crop.
private final class WindowCutter: Sendable {
  let mirrors: Bool
  private let crop: Int
  private let context: Int
  private let isSquare: Bool
  private let scale: Float
  private let mean: Mean
  private let images: [WindowFile.Image]
  private let keepsFiles: Bool
  private let decoding: DecodingOptions
  private let files = ForkSafe<[Int: Data]>([:])

  private enum Mean {
    case values([Float])
    case image(ImageShape, [Float])
  }

  init(
    _ parameter: WindowDataParameter, _ transform: TransformationParameter, _ windows: WindowFile,
    _ restrictions: Restrictions?
  ) throws(NetError) {
    guard (1...65535).contains(transform.cropSize) else {
      throw NetError("transform_param.crop_size is \(transform.cropSize), but WindowData needs one, from 1 to 65535")
    }
    let batch = try Shape(checking: [parameter.batchSize, 3, transform.cropSize, transform.cropSize])
    try restrictions?.check(bytes: batch.count * MemoryLayout<Float>.stride, for: "a batch of windows")
    guard ["warp", "square"].contains(parameter.cropMode) else {
      throw NetError("crop_mode is \"\(parameter.cropMode)\"", remedy: "set it to \"warp\" or \"square\"")
    }
    crop = Int(transform.cropSize)
    context = Int(parameter.contextPad)
    guard 2 * context < crop else {
      throw NetError("context_pad \(context) leaves nothing of a crop of \(crop)", remedy: "lower context_pad")
    }
    isSquare = parameter.cropMode == "square"
    scale = parameter.scale
    mirrors = transform.mirror
    images = windows.images
    keepsFiles = parameter.cacheImages
    decoding = DecodingOptions(
      color: .color, obeysOrientation: transform.hasExifOrientation ? transform.exifOrientation : nil,
      byteLimit: restrictions?.memoryLimit ?? .max)
    let channels = windows.images[0].channels
    guard transform.hasMeanFile else {
      guard transform.meanValue.count <= 1 || transform.meanValue.count == channels else {
        throw NetError(
          "there are \(transform.meanValue.count) mean_value for images of \(channels) channels",
          remedy: "Specify either 1 mean_value or as many as channels: \(channels)")
      }
      mean = .values(transform.meanValue)
      return
    }
    guard transform.meanValue.isEmpty else {
      throw NetError("Cannot specify mean_file and mean_value at the same time", remedy: "remove one of the two")
    }
    let (shape, values) = try readMean(transform.meanFile)
    guard shape.channels == channels, shape.width == shape.height, shape.width >= crop else {
      throw NetError(
        "the mean in mean_file is \(shape), but must be a square of \(channels) channels and at least \(crop) pixels")
    }
    mean = .image(shape, values)
  }

  func load(_ window: Window, isMirrored: Bool) throws(NetError) -> LoadedImage {
    let image = images[window.image]
    var flaw: String?
    let bitmap = try Bitmap(decoding: try file(window.image), decoding) { flaw = $0 }
    guard bitmap.channels == image.channels else {
      throw NetError("the list says it has \(image.channels) channels, but WindowData reads \(bitmap.channels)")
    }
    guard window.x1 < bitmap.width, window.y1 < bitmap.height, window.x2 >= 0, window.y2 >= 0 else {
      throw NetError(
        "the box \(window.box) lies outside the image, which is \(bitmap.width)x\(bitmap.height)",
        remedy: "correct the list")
    }
    return LoadedImage(
      labels: .single(window.label), flaw: flaw,
      shape: { [crop] () throws(NetError) in ImageShape(bitmap.channels, crop, crop) },
      write: { [self] output throws(NetError) in write(bitmap, window, isMirrored, into: output) })
  }

  private func file(_ index: Int) throws(NetError) -> Data {
    if keepsFiles, let file = files.withLock({ $0[index] }) { return file }
    do {
      let file = try images[index].file.read()
      if keepsFiles { files.withLock { $0[index] = file } }
      return file
    } catch {
      throw NetError(error)
    }
  }

  /// The part of an image that is shown, and where in the crop.
  private struct Fit {
    var rows: Range<Int>
    var columns: Range<Int>
    var height: Int
    var width: Int
    var top = 0
    var left = 0
  }

  /// How much of the crop the visible part takes; the roundings are Caffe's.
  private func fit(_ window: Window, in bitmap: Bitmap, isMirrored: Bool) -> Fit {
    guard context > 0 || isSquare else {
      return Fit(
        rows: max(window.y1, 0)..<min(window.y2 + 1, bitmap.height),
        columns: max(window.x1, 0)..<min(window.x2 + 1, bitmap.width), height: crop, width: crop)
    }
    let growth = Float(crop) / Float(crop - 2 * context)
    var halfHeight = Float(window.y2 - window.y1 + 1) / 2
    var halfWidth = Float(window.x2 - window.x1 + 1) / 2
    let (centerX, centerY) = (Float(window.x1) + halfWidth, Float(window.y1) + halfHeight)
    if isSquare {
      halfHeight = max(halfHeight, halfWidth)
      halfWidth = halfHeight
    }
    func place(_ value: Float) -> Int { Int(value.rounded(.toNearestOrAwayFromZero)) }
    let (x1, x2) = (place(centerX - halfWidth * growth), place(centerX + halfWidth * growth))
    let (y1, y2) = (place(centerY - halfHeight * growth), place(centerY + halfHeight * growth))
    let (fullWidth, fullHeight) = (x2 - x1 + 1, y2 - y1 + 1)
    let (left, top) = (max(0, -x1), max(0, -y1))
    let (right, bottom) = (max(0, x2 - bitmap.width + 1), max(0, y2 - bitmap.height + 1))
    let columns = x1 + left..<x2 - right + 1
    let rows = y1 + top..<y2 - bottom + 1
    let scaleX = Float(crop) / Float(fullWidth)
    let scaleY = Float(crop) / Float(fullHeight)
    let padTop = place(Float(top) * scaleY)
    let padLeft = place(Float(left) * scaleX)
    let padRight = place(Float(right) * scaleX)
    let width = max(1, place(Float(columns.count) * scaleX))
    let height = max(1, place(Float(rows.count) * scaleY))
    let fittedLeft = isMirrored ? padRight : padLeft
    return Fit(
      rows: rows, columns: columns, height: min(height, crop - min(padTop, crop - 1)),
      width: min(width, crop - min(fittedLeft, crop - 1)), top: min(padTop, crop - 1), left: min(fittedLeft, crop - 1))
  }

  private func write(
    _ bitmap: Bitmap, _ window: Window, _ isMirrored: Bool, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let fit = fit(window, in: bitmap, isMirrored: isMirrored)
    let part = bitmap.cut(rows: fit.rows, columns: fit.columns).resized(height: fit.height, width: fit.width)
    output.update(repeating: 0)
    for channel in 0..<bitmap.channels {
      for y in 0..<fit.height {
        for x in 0..<fit.width {
          let column = isMirrored ? fit.width - 1 - x : x
          let pixel = Float(part.pixels[(y * fit.width + column) * bitmap.channels + channel])
          let (row, left) = (fit.top + y, fit.left + x)
          let mean = mean(channel, row, left)
          output[(channel * crop + row) * crop + left] = (pixel - mean) * scale
        }
      }
    }
  }

  private func mean(_ channel: Int, _ row: Int, _ column: Int) -> Float {
    switch mean {
    case .values(let values): return values.isEmpty ? 0 : values.count == 1 ? values[0] : values[channel]
    case .image(let shape, let values):
      let offset = (shape.width - crop) / 2
      return values[(channel * shape.height + row + offset) * shape.width + column + offset]
    }
  }
}

extension Bitmap {
  /// A part of the image.
  func cut(rows: Range<Int>, columns: Range<Int>) -> Bitmap {
    var part: [UInt8] = []
    part.reserveCapacity(rows.count * columns.count * channels)
    for row in rows {
      let start = (row * width + columns.lowerBound) * channels
      part += pixels[start..<start + columns.count * channels]
    }
    return Bitmap(height: rows.count, width: columns.count, channels: channels, pixels: part)
  }
}
