/// A depthwise separable convolution (Howard et al., MobileNets, 2017): a convolution of each channel by filters of its own, and one
/// of single pixels of what that gives, which is never stored whole.
public struct SeparableConvolutionDescription: Hashable, Sendable {
  /// One filter or more for each channel, and what follows.
  public var depthwise: FusedConvolutionDescription
  /// Of single pixels, and what follows.
  public var pointwise: FusedConvolutionDescription

  /// Nil unless the second reads just what the first one makes.
  public init?(depthwise: FusedConvolutionDescription, pointwise: FusedConvolutionDescription) {
    let (first, second) = (depthwise.convolution, pointwise.convolution)
    guard first.group == first.channels, first.group > 1, !depthwise.hasAddend,
      second.kernel.allSatisfy({ $0 == 1 }), second.stride.allSatisfy({ $0 == 1 }),
      second.pad.allSatisfy({ $0 == 0 }), second.source == first.destination
    else { return nil }
    self.depthwise = depthwise
    self.pointwise = pointwise
  }
}

public protocol SeparableConvolutionOperation: AnyObject {
  var description: SeparableConvolutionDescription { get }

  /// - Parameters:
  ///   - depthwise: The operands of the first convolution, whose destination is not written.
  ///   - pointwise: Those of the second, whose source is not read.
  func forward(depthwise: FusedConvolutionOperands, pointwise: FusedConvolutionOperands)
}
