internal import CaffeCore
internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The random changes of images that Caffe does not have: another part at another scale, a turn, other colours.
///
/// | parameter               | draws, in this order                                                                 |
/// |-------------------------|--------------------------------------------------------------------------------------|
/// | `random_resized_crop`   | area and aspect (log-uniform), up to ten times until they fit; top; left              |
/// | `max_rotation_angle`    | the angle, uniform                                                                   |
/// | `color_jitter`          | brightness, contrast, saturation, hue, each only if it is not 0                      |
struct Augmentation: Sendable {
  let resizedCrop: RandomResizedCropParameter?
  private let maxAngle: Float
  private let jitter: ColorJitterParameter?

  /// - Throws: `NetError` when a setting makes no sense.
  init(_ parameter: TransformationParameter) throws(NetError) {
    resizedCrop = parameter.hasRandomResizedCrop ? parameter.randomResizedCrop : nil
    maxAngle = parameter.maxRotationAngle
    jitter = parameter.hasColorJitter ? parameter.colorJitter : nil
    func demand(_ isSound: Bool, _ problem: String) throws(NetError) {
      if !isSound { throw NetError("transform_param: " + problem) }
    }
    try demand((0...180).contains(maxAngle), "max_rotation_angle is \(maxAngle), but must be 0 to 180 degrees")
    if let crop = resizedCrop {
      try demand(parameter.cropSize > 0, "random_resized_crop needs crop_size, the side of what comes out")
      try demand(
        crop.minArea > 0 && crop.minArea <= crop.maxArea && crop.maxArea <= 1,
        "the areas of random_resized_crop are \(crop.minArea) to \(crop.maxArea), but must rise and be above 0, to 1")
      try demand(
        crop.minAspect > 0 && crop.minAspect <= crop.maxAspect && crop.maxAspect <= 100 && crop.minAspect >= 0.01,
        "the aspects of random_resized_crop are \(crop.minAspect) to \(crop.maxAspect), but must rise, 0.01 to 100")
    }
    if let jitter {
      for (name, value) in [
        ("brightness", jitter.brightness), ("contrast", jitter.contrast), ("saturation", jitter.saturation),
      ] {
        try demand((0...1).contains(value), "color_jitter.\(name) is \(value), but must be 0 to 1")
      }
      try demand((0...0.5).contains(jitter.hue), "color_jitter.hue is \(jitter.hue), but must be 0 to 0.5")
    }
  }

  var isActive: Bool { resizedCrop != nil || maxAngle > 0 || jitter != nil }

  /// - Throws: `NetError` when colours are to be changed in an image that has none.
  func check(_ image: ImageShape) throws(NetError) {
    guard let jitter, jitter.saturation > 0 || jitter.hue > 0, image.channels != 3 else { return }
    throw NetError(
      "color_jitter's saturation and hue need 3 channels, but the image has \(image.channels)",
      remedy: "remove them, or set force_color")
  }

  /// A part of `image` of random size and shape: the largest that fits, in the middle, if ten draws find none.
  func part(of image: ImageShape, _ crop: RandomResizedCropParameter, random: inout Random) -> CropBox {
    let area = Float(image.height * image.width)
    for _ in 0..<10 {
      let target = area * random.uniform(crop.minArea, crop.maxArea)
      let aspect = exp(random.uniform(log(crop.minAspect), log(crop.maxAspect)))
      let width = Int((target * aspect).squareRoot().rounded())
      let height = Int((target / aspect).squareRoot().rounded())
      if width > 0, height > 0, width <= image.width, height <= image.height {
        return CropBox(
          top: random.below(image.height - height + 1), left: random.below(image.width - width + 1), height: height,
          width: width)
      }
    }
    let aspect = min(max(Float(image.width) / Float(image.height), crop.minAspect), crop.maxAspect)
    let width = max(1, min(image.width, Int((Float(image.height) * aspect).rounded())))
    let height = max(1, min(image.height, Int((Float(image.width) / aspect).rounded())))
    return CropBox(top: (image.height - height) / 2, left: (image.width - width) / 2, height: height, width: width)
  }

  /// An angle in radians.
  func angle(random: inout Random) -> Float {
    maxAngle > 0 ? random.uniform(-maxAngle, maxAngle) * .pi / 180 : 0
  }

  /// Changes the colours of an image of C planes of `area` values each.
  ///
  ///     x ← b · x                         brightness
  ///     x ← m + c · (x − m)               contrast; m: mean of the image (its luma, if saturation or hue change too)
  ///     x ← luma + s · (x − luma)         saturation, each pixel by itself
  ///     (i, q) turned by h whole turns    hue, in the colour plane of YIQ
  ///
  /// with b, c, s from 1 − value to 1 + value and h from −value to value.
  ///
  /// - Parameter isByte: whether the results are cut off at 0 and 255.
  func changeColors(
    _ values: UnsafeMutableBufferPointer<Float>, channels: Int, isByte: Bool, random: inout Random
  ) {
    guard let jitter else { return }
    func factor(_ value: Float) -> Float { value > 0 ? 1 + random.uniform(-value, value) : 1 }
    let brightness = factor(jitter.brightness)
    let contrast = factor(jitter.contrast)
    let saturation = factor(jitter.saturation)
    let turn = jitter.hue > 0 ? random.uniform(-jitter.hue, jitter.hue) : 0
    let area = values.count / channels
    if channels == 3, jitter.saturation > 0 || jitter.hue > 0 {
      let (sine, cosine) = (sin(2 * .pi * turn), cos(2 * .pi * turn))
      var sum = 0.0
      for index in 0..<area {
        sum += Double(Self.luma(values[index], values[area + index], values[2 * area + index]))
      }
      let mean = brightness * Float(sum / Double(area))
      for index in 0..<area {
        func contrasted(_ plane: Int) -> Float {
          mean + contrast * (brightness * values[plane * area + index] - mean)
        }
        let (blue, green, red) = (contrasted(0), contrasted(1), contrasted(2))
        let y = Self.luma(blue, green, red)
        let i = saturation * (0.595716 * red - 0.274453 * green - 0.321263 * blue)
        let q = saturation * (0.211456 * red - 0.522591 * green + 0.311135 * blue)
        let (i2, q2) = (cosine * i - sine * q, sine * i + cosine * q)
        values[index] = y - 1.1070 * i2 + 1.7046 * q2
        values[area + index] = y - 0.2721 * i2 - 0.6474 * q2
        values[2 * area + index] = y + 0.9563 * i2 + 0.6210 * q2
      }
    } else {
      let mean = brightness * Float(values.reduce(0.0) { $0 + Double($1) } / Double(values.count))
      for index in values.indices { values[index] = mean + contrast * (brightness * values[index] - mean) }
    }
    if isByte { for index in values.indices { values[index] = min(max(values[index], 0), 255) } }
  }

  private static func luma(_ blue: Float, _ green: Float, _ red: Float) -> Float {
    0.299 * red + 0.587 * green + 0.114 * blue
  }
}

/// A rectangle in an image.
struct CropBox: Hashable, Sendable {
  var top = 0
  var left = 0
  var height: Int
  var width: Int
}

/// Which place of an image each pixel of a turned and resized part shows.
struct Sampling {
  private let box: CropBox
  private let output: ImageShape
  private let image: ImageShape
  private let sine: Float
  private let cosine: Float

  /// - Parameter angle: by which the image is turned about its centre, in radians.
  init(_ box: CropBox, of image: ImageShape, to output: ImageShape, angle: Float) {
    self.box = box
    self.image = image
    self.output = output
    sine = sin(angle)
    cosine = cos(angle)
  }

  /// Interpolates linearly; beyond the border of the image its border goes on.
  @inline(__always)
  func read<Pixel>(_ source: UnsafePointer<Pixel>, into target: UnsafeMutablePointer<Float>, float: (Pixel) -> Float) {
    let (centerX, centerY) = (Float(image.width) / 2, Float(image.height) / 2)
    let scaleX = Float(box.width) / Float(output.width)
    let scaleY = Float(box.height) / Float(output.height)
    let area = image.height * image.width
    var index = 0
    for row in 0..<output.height {
      let dy = Float(box.top) + (Float(row) + 0.5) * scaleY - centerY
      for column in 0..<output.width {
        let dx = Float(box.left) + (Float(column) + 0.5) * scaleX - centerX
        let x = min(max(centerX + cosine * dx + sine * dy - 0.5, 0), Float(image.width - 1))
        let y = min(max(centerY - sine * dx + cosine * dy - 0.5, 0), Float(image.height - 1))
        let (left, top) = (Int(x), Int(y))
        let (right, bottom) = (min(left + 1, image.width - 1), min(top + 1, image.height - 1))
        let (u, v) = (x - Float(left), y - Float(top))
        for channel in 0..<image.channels {
          let plane = source + channel * area
          let above = (1 - u) * float(plane[top * image.width + left]) + u * float(plane[top * image.width + right])
          let below =
            (1 - u) * float(plane[bottom * image.width + left]) + u * float(plane[bottom * image.width + right])
          target[channel * output.height * output.width + index] = (1 - v) * above + v * below
        }
        index += 1
      }
    }
  }
}
