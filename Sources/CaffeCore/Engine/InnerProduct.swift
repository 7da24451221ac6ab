/// A fully connected product: y = x · Wᵀ + b.
///
/// | tensor      | shape                                            |
/// |-------------|--------------------------------------------------|
/// | source      | rows × inputs                                    |
/// | weights     | outputs × inputs, or inputs × outputs transposed |
/// | bias        | outputs                                          |
/// | destination | rows × outputs                                   |
public struct InnerProductDescription: Hashable, Sendable {
  public var rows: Int
  public var inputs: Int
  public var outputs: Int
  public var isTransposed: Bool
  public var hasBias: Bool

  public init(rows: Int, inputs: Int, outputs: Int, isTransposed: Bool = false, hasBias: Bool) {
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
    self.isTransposed = isTransposed
    self.hasBias = hasBias
  }
}

public protocol InnerProductOperation: AnyObject {
  var description: InnerProductDescription { get }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer)

  /// Overwrites the gradient of the source.
  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer)

  /// Adds to the gradients of the parameters.
  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?)
}
