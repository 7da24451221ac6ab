public import CaffeCore
public import FoundationEssentials

/// Pixels as image files and OpenCV hold them: row by row, the bytes of a pixel side by side, colours in the order blue,
/// green, red, alpha.
public struct Bitmap: Hashable, Sendable {
  public let height: Int
  public let width: Int
  /// 1 (gray), 3 (colour) or 4 (colour and alpha).
  public let channels: Int
  /// height × width × channels.
  public let pixels: [UInt8]

  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(height > 0 && width > 0 && [1, 3, 4].contains(channels), "an image has pixels")
    precondition(pixels.count == height * width * channels, "the pixels fill the image")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// Makes room for the pixels and has `fill` write every one of them.
  init<Failure: Error>(
    _ height: Int, _ width: Int, _ channels: Int,
    fill: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    let count = height * width * channels
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(Failure) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    self.init(height: height, width: width, channels: channels, pixels: pixels)
  }

  public var shape: ImageShape { ImageShape(channels, height, width) }

  /// The pixels channel by channel: C×H×W, as in a `Datum`.
  public var planes: Data {
    guard channels > 1 else { return Data(pixels) }
    var planes = Data(count: pixels.count)
    let area = height * width
    planes.withUnsafeMutableBytes { planes in
      pixels.withUnsafeBufferPointer { pixels in
        guard let target = planes.bindMemory(to: UInt8.self).baseAddress, let source = pixels.baseAddress else {
          return
        }
        // Fixed numbers of channels, which the compiler turns into shuffles.
        switch channels {
        case 3: split(source, 3, area, into: target)
        default: split(source, 4, area, into: target)
        }
      }
    }
    return planes
  }
}

/// Spreads pixels of `channels` bytes over as many planes of `area` bytes.
@inline(__always)
private func split(
  _ source: UnsafePointer<UInt8>, _ channels: Int, _ area: Int, into target: UnsafeMutablePointer<UInt8>
) {
  for channel in 0..<channels {
    let plane = target + channel * area
    for index in 0..<area { plane[index] = source[index &* channels &+ channel] }
  }
}

extension Image {
  /// The pixels of a decoded file, channel by channel.
  public init(_ bitmap: Bitmap) throws(NetError) {
    try self.init(bitmap.shape, .bytes(bitmap.planes))
  }
}
