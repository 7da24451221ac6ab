/// Local response normalisation across channels: y = x · s^−β, s = k + (α / n) · Σ x′² over the n channels around that of x.
///
/// The tensors are items × channels × height × width.
public struct LocalResponseNormalizationDescription: Hashable, Sendable {
  public var shape: Shape
  public var size: Int
  public var alpha: Float
  public var beta: Float
  public var k: Float
  /// Whether `backward` may follow; if not, `forward` need not keep anything for it.
  public var isDifferentiated: Bool

  public init(shape: Shape, size: Int, alpha: Float, beta: Float, k: Float, isDifferentiated: Bool = true) {
    self.shape = shape
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.k = k
    self.isDifferentiated = isDifferentiated
  }
}

public protocol LocalResponseNormalizationOperation: AnyObject {
  var description: LocalResponseNormalizationDescription { get }

  func forward(_ source: Buffer, into destination: Buffer)

  /// Overwrites the gradient of the source, for the source of the last `forward`; `sourceDiff` may be `destinationDiff`.
  func backward(_ destinationDiff: Buffer, at source: Buffer, into sourceDiff: Buffer)
}
