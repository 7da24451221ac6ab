/// A weighted sum of tensors of one shape: y = Σ coefficientᵢ · xᵢ.
public struct SumDescription: Hashable, Sendable {
  public var shape: Shape
  public var coefficients: [Float]

  public init(shape: Shape, coefficients: [Float]) {
    self.shape = shape
    self.coefficients = coefficients
  }
}

public protocol SumOperation: AnyObject {
  var description: SumDescription { get }

  /// `destination` may be the first of the sources.
  func forward(_ sources: [Buffer], into destination: Buffer)
}
