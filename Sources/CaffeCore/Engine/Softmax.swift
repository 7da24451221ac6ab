/// Softmax along the middle axis of outer × channels × inner values: y = exp(x − max x) / Σ exp(x − max x).
public struct SoftmaxDescription: Hashable, Sendable {
  public var outer: Int
  public var channels: Int
  public var inner: Int

  public init(outer: Int, channels: Int, inner: Int) {
    self.outer = outer
    self.channels = channels
    self.inner = inner
  }
}

public protocol SoftmaxOperation: AnyObject {
  var description: SoftmaxDescription { get }

  /// `destination` may be `source`.
  func forward(_ source: Buffer, into destination: Buffer)

  /// dx = y · (dy − Σ dy · y); `sourceDiff` may be `destinationDiff`.
  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer)
}
