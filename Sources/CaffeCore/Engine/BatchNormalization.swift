/// Normalisation of each channel by its mean and its biased variance: y = (x − μ) / √(σ² + ε).
///
/// | tensor         | shape                     |
/// |----------------|---------------------------|
/// | source         | items × channels × …      |
/// | mean, variance | channels                  |
/// | destination    | as the source             |
public struct BatchNormalizationDescription: Hashable, Sendable {
  public var shape: Shape
  public var epsilon: Float
  /// Whether mean and variance are given, rather than those of the source.
  public var usesGivenStatistics: Bool

  public init(shape: Shape, epsilon: Float, usesGivenStatistics: Bool) {
    self.shape = shape
    self.epsilon = epsilon
    self.usesGivenStatistics = usesGivenStatistics
  }

  public var channels: Int { shape[1] }
  /// How many values a channel has.
  public var valuesPerChannel: Int { shape[0] * shape.count(2...) }
}

public protocol BatchNormalizationOperation: AnyObject {
  var description: BatchNormalizationDescription { get }

  /// Reads mean and variance if they are given, and writes them if they are not. `destination` may be `source`.
  func forward(_ source: Buffer, mean: Buffer, variance: Buffer, into destination: Buffer)

  /// Overwrites the gradient of the source; `sourceDiff` may be `destinationDiff`.
  ///
  /// With statistics of the source, dx = (dy − mean(dy) − y · mean(dy · y)) / √(σ² + ε); else dx = dy / √(σ² + ε).
  func backward(_ destinationDiff: Buffer, at source: Buffer, mean: Buffer, variance: Buffer, into sourceDiff: Buffer)
}
