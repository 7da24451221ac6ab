/// A convolution (cross-correlation, as everywhere in deep learning) over any number of spatial axes.
///
///     y[n, o, q] = b[o] + Σ_{c, k} w[o, c, k] · x[n, c, q·stride − pad + k·dilation]
///
/// | tensor      | shape                                     |
/// |-------------|-------------------------------------------|
/// | source      | batch × channels × input…                 |
/// | weights     | outputs × channels / group × kernel…      |
/// | bias        | outputs                                   |
/// | destination | batch × outputs × output…                 |
public struct ConvolutionDescription: Hashable, Sendable {
  public var batch: Int
  public var channels: Int
  public var outputs: Int
  public var group: Int
  public var input: [Int]
  public var output: [Int]
  public var kernel: [Int]
  public var stride: [Int]
  public var pad: [Int]
  public var dilation: [Int]
  public var hasBias: Bool

  public init(
    batch: Int, channels: Int, outputs: Int, group: Int = 1, input: [Int], output: [Int], kernel: [Int], stride: [Int],
    pad: [Int], dilation: [Int], hasBias: Bool
  ) {
    self.batch = batch
    self.channels = channels
    self.outputs = outputs
    self.group = group
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.dilation = dilation
    self.hasBias = hasBias
  }

  public var source: Shape { Shape([batch, channels] + input) }
  public var weights: Shape { Shape([outputs, channels / group] + kernel) }
  public var destination: Shape { Shape([batch, outputs] + output) }
}

public protocol ConvolutionOperation: AnyObject {
  var description: ConvolutionDescription { get }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer)

  /// Overwrites the gradient of the source.
  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer)

  /// Adds to the gradients of the parameters.
  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?)
}
