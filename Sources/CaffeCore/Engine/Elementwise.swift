/// A function that is applied to each element by itself, named so that an engine may have it ready-made.
public enum ElementwiseFunction: Hashable, Sendable {
  /// x > 0 ? x : slope · x
  case relu(slope: Float)
  /// 1 / (1 + e⁻ˣ)
  case sigmoid
  case tanh
  /// x > 0 ? x : α (eˣ − 1)
  case elu(alpha: Float)
}

public struct ElementwiseDescription: Hashable, Sendable {
  public var function: ElementwiseFunction
  public var shape: Shape

  public init(function: ElementwiseFunction, shape: Shape) {
    self.function = function
    self.shape = shape
  }
}

public protocol ElementwiseOperation: AnyObject {
  var description: ElementwiseDescription { get }

  /// `destination` may be `source`.
  func forward(_ source: Buffer, into destination: Buffer)

  /// Overwrites the gradient of the source, computed from the function's *result*, so that it works in place as well;
  /// `sourceDiff` may be `destinationDiff`.
  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer)
}
