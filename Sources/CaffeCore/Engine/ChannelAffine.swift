/// A scale and an offset for each channel: y = s · x + b.
///
/// | tensor              | shape                |
/// |---------------------|----------------------|
/// | source, destination | items × channels × … |
/// | scale, offset       | channels             |
public struct ChannelAffineDescription: Hashable, Sendable {
  public var shape: Shape
  public var hasOffset: Bool

  public init(shape: Shape, hasOffset: Bool) {
    self.shape = shape
    self.hasOffset = hasOffset
  }

  public var channels: Int { shape[1] }
}

public protocol ChannelAffineOperation: AnyObject {
  var description: ChannelAffineDescription { get }

  /// Whether the operation takes a source as its values lie now; if not, the caller computes.
  func serves(_ source: Buffer) -> Bool

  /// `destination` may be `source`.
  func forward(_ source: Buffer, scale: Buffer, offset: Buffer?, into destination: Buffer)

  /// Adds ds = Σ dy · x and db = Σ dy to those gradients that are wanted.
  func backwardParameters(
    _ destinationDiff: Buffer, at source: Buffer, scale scaleDiff: Buffer?, offset offsetDiff: Buffer?)

  /// Overwrites dx = s · dy; `sourceDiff` may be `destinationDiff`.
  func backwardData(_ destinationDiff: Buffer, scale: Buffer, into sourceDiff: Buffer)
}
