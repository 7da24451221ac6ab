/// A convolution with what follows it, in one pass over memory:
///
///     y = relu(scale[o] · (w ⋆ x)[o] + shift[o] + addend)
///
/// Inference meets this as Convolution, BatchNorm, Scale, Eltwise and ReLU.
public struct FusedConvolutionDescription: Hashable, Sendable {
  /// The convolution. With a bias, or a scale, there is a shift.
  public var convolution: ConvolutionDescription
  public var hasScale: Bool
  public var hasAddend: Bool
  /// The slope of the rectifier for negative values; nil without a rectifier.
  public var slope: Float?

  public init(convolution: ConvolutionDescription, hasScale: Bool, hasAddend: Bool, slope: Float?) {
    self.convolution = convolution
    self.hasScale = hasScale
    self.hasAddend = hasAddend
    self.slope = slope
  }

  public var hasShift: Bool { hasScale || convolution.hasBias }
}

/// The operands of a fused convolution.
///
/// An object that pass after pass uses, so that no references need be counted for each.
public final class FusedConvolutionOperands {
  public let source: Buffer
  public let weights: Buffer
  /// For each output channel, a factor and a summand.
  public let scale: Buffer?
  public let shift: Buffer?
  /// A tensor like the destination.
  public let addend: Buffer?
  /// Whether nobody needs the addend afterwards, so that its memory may become the destination's.
  public let mayConsumeAddend: Bool
  public let destination: Buffer
  /// Where the destination is a part of a larger tensor's channels.
  public let slice: ChannelSlice?

  public init(
    source: Buffer, weights: Buffer, scale: Buffer? = nil, shift: Buffer? = nil, addend: Buffer? = nil,
    mayConsumeAddend: Bool = false, destination: Buffer, slice: ChannelSlice? = nil
  ) {
    self.source = source
    self.weights = weights
    self.scale = scale
    self.shift = shift
    self.addend = addend
    self.mayConsumeAddend = mayConsumeAddend
    self.destination = destination
    self.slice = slice
  }
}

/// Some neighbouring channels of a tensor of items × channels × places.
public struct ChannelSlice: Hashable, Sendable {
  public var whole: Shape
  public var firstChannel: Int

  public init(of whole: Shape, from firstChannel: Int) {
    self.whole = whole
    self.firstChannel = firstChannel
  }
}

public protocol FusedConvolutionOperation: AnyObject {
  var description: FusedConvolutionDescription { get }

  /// Whether the destination may be a slice of a larger tensor.
  func canWrite(_ slice: ChannelSlice) -> Bool

  func forward(_ operands: FusedConvolutionOperands)
}
