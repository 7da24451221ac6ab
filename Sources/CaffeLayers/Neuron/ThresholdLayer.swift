public import CaffeCore
public import CaffeProto

/// Whether each value exceeds a threshold: y = x > t ? 1 : 0. There is no gradient.
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter   | default |
/// |-------------|---------|
/// | `threshold` | 0       |
public final class ThresholdLayer: Layer {
  public static let type = "Threshold"
  public static let worksInPlace = true
  private let threshold: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    threshold = definition.thresholdParam.threshold
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(like: bottom[0]) }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values
    let y = top[0].data.uninitializedValues
    for i in 0..<x.count { y[i] = x[i] > threshold ? 1 : 0 }
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[0] else {
      throw NetError("Threshold has no gradient: Not Implemented Yet", remedy: "remove what asks for it downstream")
    }
  }
}
