/// A convolution of each channel by filters of its own, of which some pixels can be computed at a time.
///
/// Activations lie in blocks of 16 channels: items × blocks × rows × columns × 16; weights in blocks × taps × 16. Pixels of the
/// destination are counted through all rows and items.
@frozen
public struct DepthwisePixels: Sendable {
  public let channels: Int
  public let kernel: (height: Int, width: Int)
  public let stride: (down: Int, right: Int)
  public let pad: (top: Int, left: Int)
  /// Of the source.
  public let height: Int
  public let width: Int
  public let outputHeight: Int
  public let outputWidth: Int

  public init(
    channels: Int, kernel: (height: Int, width: Int), stride: (down: Int, right: Int), pad: (top: Int, left: Int),
    input: (height: Int, width: Int), output: (height: Int, width: Int)
  ) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    (height, width) = input
    (outputHeight, outputWidth) = output
  }

  @inlinable @inline(__always)
  public var blocks: Int { (channels &+ 15) / 16 }
  @inlinable @inline(__always)
  public var taps: Int { kernel.height &* kernel.width }
  /// The number of floats of the weights in blocks.
  public var packedWeights: Int { blocks * taps * 16 }

  /// Brings row-major weights (channels × taps) into blocks.
  public func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    for block in 0..<blocks {
      for tap in 0..<taps {
        for lane in 0..<16 {
          let channel = block * 16 + lane
          packed[(block * taps + tap) * 16 + lane] = channel < channels ? weights[channel * taps + tap] : 0
        }
      }
    }
  }
}
