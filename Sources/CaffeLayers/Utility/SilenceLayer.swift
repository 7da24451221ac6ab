public import CaffeCore

/// Consumes blobs that nobody wants, so that they are no outputs of the net. Their gradient is 0.
///
/// | blob        | shape |
/// |-------------|-------|
/// | `bottom[i]` | any   |
public final class SilenceLayer: Layer {
  public static let type = "Silence"
  public static let bottomCount = BlobCount.atLeast(1)
  public static let topCount = BlobCount.exactly(0)

  public init(_ definition: LayerDefinition, in context: LayerContext) {}

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {}
  public func forward(_ bottom: [Blob], _ top: [Blob]) {}

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for (index, bottom) in bottom.enumerated() where propagate[index] { bottom.diff.setZero() }
  }
}
