public import CaffeCore
public import CaffeProto

/// What `transform_param` does to an image on its way into a net.
///
///     output[c, y, x] = (image[c, y + top, x + left] − mean[c, y + top, x + left]) · scale
///
/// With `mirror`, x runs from right to left in half of the images. With `crop_size`, the window of that size lies at
/// random in TRAIN and in the middle in TEST. The mean is subtracted where the pixel came from, whatever the window.
///
/// | parameter     | default | meaning                                                     |
/// |---------------|---------|-------------------------------------------------------------|
/// | `scale`       | 1       | factor, applied last                                        |
/// | `mirror`      | false   | flip every other image at random, also in TEST              |
/// | `crop_size`   | 0       | side of the square window; 0 takes the whole image          |
/// | `mean_file`   | none    | a BlobProto with the extents of the uncropped image         |
/// | `mean_value`  | none    | one value for all channels, or one for each                 |
/// | `force_color` | false   | decode image files to three channels                        |
/// | `force_gray`  | false   | decode image files to one channel                           |
/// | `exif_orientation` | as OpenCV | turn photographs as their EXIF tag says; without it, in ImageData, WindowData and with the two above |
/// | `random_resized_crop`, `max_rotation_angle`, `color_jitter` | none | see `Augmentation`; in TRAIN only |
///
/// The draws of an image come from the generator given for it: first mirror, then the window's top, then its left, then
/// those of the augmentations. Where an image is resized or turned, the mean image is along with it.
public struct Transformer: Sendable {
  /// How image files are decoded.
  public let decoding: DecodingOptions
  private let scale: Float
  private let mirrors: Bool
  private let cropSize: Int
  private let cropsAtRandom: Bool
  private let mean: Mean
  /// Nil outside of training.
  private let augmentation: Augmentation?

  private enum Mean {
    case values([Float])
    case image(ImageShape, [Float])
  }

  /// - Parameter byteLimit: how many bytes an image may take when it is decoded.
  /// - Throws: `NetError` when settings exclude each other or the mean file cannot be read.
  public init(_ parameter: TransformationParameter, phase: Phase, byteLimit: Int = .max) throws(NetError) {
    guard !(parameter.forceColor && parameter.forceGray) else {
      throw NetError("cannot set both force_color and force_gray", remedy: "remove one of the two")
    }
    decoding = DecodingOptions(
      color: parameter.forceColor ? .color : parameter.forceGray ? .gray : .asStored,
      obeysOrientation: parameter.hasExifOrientation ? parameter.exifOrientation : nil, byteLimit: byteLimit)
    scale = parameter.scale
    mirrors = parameter.mirror
    cropSize = Int(parameter.cropSize)
    cropsAtRandom = phase == .train
    // Settings are looked at in every phase, so that a mistake in them shows at once.
    let augmentation = try Augmentation(parameter)
    self.augmentation = phase == .train && augmentation.isActive ? augmentation : nil
    guard parameter.hasMeanFile else {
      mean = .values(parameter.meanValue)
      return
    }
    guard parameter.meanValue.isEmpty else {
      throw NetError("Cannot specify mean_file and mean_value at the same time", remedy: "remove one of the two")
    }
    let (shape, values) = try readMean(parameter.meanFile)
    mean = .image(shape, values)
  }

  /// The shape of what `transform` makes of an image.
  ///
  /// - Throws: `NetError` when the image is smaller than the crop or does not fit the mean.
  public func outputShape(for image: ImageShape) throws(NetError) -> ImageShape {
    try augmentation?.check(image)
    guard augmentation?.resizedCrop != nil || (cropSize <= image.height && cropSize <= image.width) else {
      throw NetError("crop_size \(cropSize) is larger than the image, which is \(image)", remedy: "lower crop_size")
    }
    switch mean {
    case .values(let values):
      guard values.count <= 1 || values.count == image.channels else {
        throw NetError(
          "there are \(values.count) mean_value for an image of \(image.channels) channels",
          remedy: "Specify either 1 mean_value or as many as channels: \(image.channels)")
      }
    case .image(let shape, _):
      guard shape == image else {
        throw NetError(
          "the image is \(image), but the mean in mean_file is \(shape)",
          remedy: "compute the mean of these very images, before cropping")
      }
    }
    return cropSize > 0 ? ImageShape(image.channels, cropSize, cropSize) : image
  }

  /// Writes the transformed image to `output`, which has just the size of `outputShape`.
  public func transform(
    _ image: Image, random: inout Random, into output: UnsafeMutableBufferPointer<Float>
  ) throws(NetError) {
    let shape = try outputShape(for: image.shape)
    precondition(output.count == shape.count, "the output has the size of the transformed image")
    guard let target = output.baseAddress else { return }
    let isMirrored = mirrors && random.below(2) == 1
    let window = window(of: shape, in: image.shape, random: &random)
    if let augmentation {
      return augment(image, window, isMirrored, augmentation, random: &random, into: output)
    }
    switch image.pixels {
    case .bytes(let bytes):
      bytes.withUnsafeBytes { bytes in
        guard let source = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
        write(source, image.shape, window, isMirrored, to: target) { Float($0) }
      }
    case .floats(let values):
      values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress else { return }
        write(source, image.shape, window, isMirrored, to: target) { $0 }
      }
    }
  }

  /// The part of the image that is taken.
  private func window(of shape: ImageShape, in image: ImageShape, random: inout Random) -> CropBox {
    guard cropSize > 0 else { return CropBox(height: image.height, width: image.width) }
    if let augmentation, let crop = augmentation.resizedCrop {
      return augmentation.part(of: image, crop, random: &random)
    }
    var window = CropBox(height: cropSize, width: cropSize)
    if cropsAtRandom {
      window.top = random.below(image.height - cropSize + 1)
      window.left = random.below(image.width - cropSize + 1)
    } else {
      window.top = (image.height - cropSize) / 2
      window.left = (image.width - cropSize) / 2
    }
    return window
  }

  /// Resizes, turns and colours the window, and does the rest of the work on the result.
  private func augment(
    _ image: Image, _ window: CropBox, _ isMirrored: Bool, _ augmentation: Augmentation, random: inout Random,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    let side = cropSize > 0 ? (cropSize, cropSize) : (image.shape.height, image.shape.width)
    let shape = ImageShape(image.shape.channels, side.0, side.1)
    let sampling = Sampling(window, of: image.shape, to: shape, angle: augmentation.angle(random: &random))
    guard let target = output.baseAddress else { return }
    var isByte = false
    switch image.pixels {
    case .bytes(let bytes):
      isByte = true
      bytes.withUnsafeBytes { bytes in
        guard let source = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
        sampling.read(source, into: target) { Float($0) }
      }
    case .floats(let values):
      values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress else { return }
        sampling.read(source, into: target) { $0 }
      }
    }
    augmentation.changeColors(output, channels: shape.channels, isByte: isByte, random: &random)
    let area = shape.height * shape.width
    switch mean {
    case .values(let values):
      for index in output.indices {
        let value = values.isEmpty ? 0 : values.count == 1 ? values[0] : values[index / area]
        output[index] = (output[index] - value) * scale
      }
    case .image(_, let values):
      withUnsafeTemporaryAllocation(of: Float.self, capacity: output.count) { means in
        guard let mean = means.baseAddress else { return }
        values.withUnsafeBufferPointer { values in
          if let source = values.baseAddress { sampling.read(source, into: mean) { $0 } }
        }
        for index in output.indices { output[index] = (output[index] - mean[index]) * scale }
      }
    }
    guard isMirrored else { return }
    for row in stride(from: 0, to: output.count, by: shape.width) {
      output[row..<row + shape.width].reverse()
    }
  }

  @inline(__always)
  private func write<Pixel>(
    _ source: UnsafePointer<Pixel>, _ image: ImageShape, _ window: CropBox, _ isMirrored: Bool,
    to output: UnsafeMutablePointer<Float>, float: (Pixel) -> Float
  ) {
    // Rows that follow each other without a gap are one long row.
    let isWhole = window.width == image.width && !isMirrored
    let rows = isWhole ? 1 : window.height
    let width = isWhole ? window.height * window.width : window.width
    var target = output
    for channel in 0..<image.channels {
      for row in 0..<rows {
        let start = (channel * image.height + window.top + row) * image.width + window.left
        switch mean {
        case .values(let values):
          let value = values.isEmpty ? 0 : values.count == 1 ? values[0] : values[channel]
          writeRow(source + start, width, isMirrored, to: target) { pixel, _ in (float(pixel) - value) * scale }
        case .image(_, let values):
          values.withUnsafeBufferPointer { values in
            guard let mean = values.baseAddress.map({ $0 + start }) else { return }
            writeRow(source + start, width, isMirrored, to: target) { (float($0) - mean[$1]) * scale }
          }
        }
        target += width
      }
    }
  }

  @inline(__always)
  private func writeRow<Pixel>(
    _ source: UnsafePointer<Pixel>, _ width: Int, _ isMirrored: Bool, to target: UnsafeMutablePointer<Float>,
    value: (Pixel, Int) -> Float
  ) {
    if isMirrored {
      for x in 0..<width { target[width &- 1 &- x] = value(source[x], x) }
    } else {
      for x in 0..<width { target[x] = value(source[x], x) }
    }
  }
}

/// The mean image that compute_image_mean wrote: a BlobProto of 1×C×H×W, or C×H×W.
///
/// - Throws: `NetError` when the file is missing or holds something else.
public func readMean(_ path: String) throws(NetError) -> (shape: ImageShape, values: [Float]) {
  let remedy = "make it with compute_image_mean, or correct the path, which is relative to the working directory"
  let proto: BlobProto
  do {
    try FileRole.mean.check(path)
    proto = try BinaryProto.read(BlobProto.self, path: path)
  } catch let error as WrongFileError {
    throw NetError("cannot read mean_file \(path): \(error.problem)", remedy: error.remedy ?? remedy)
  } catch {
    throw NetError("cannot read mean_file \(path): \(error)", remedy: remedy)
  }
  let blob = try Blob(proto)
  var axes = blob.shape.dimensions
  if axes.count == 4, axes[0] == 1 { axes.removeFirst() }
  guard axes.count == 3 else {
    throw NetError("mean_file \(path) holds a blob of shape \(blob.shape), which is no image", remedy: remedy)
  }
  return (ImageShape(axes[0], axes[1], axes[2]), Array(blob.data.values))
}
