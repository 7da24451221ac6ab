public import CaffeCore

/// Half the mean squared distance of two batches.
///
///     loss = Σ (a − b)² / (2 N)
///     da   = weight / N · (a − b),   db = −da
///
/// | blob                     | shape                                       |
/// |--------------------------|---------------------------------------------|
/// | `bottom[0]`, `bottom[1]` | a, b: N × …, with the same count behind N   |
/// | `top[0]`                 | loss: a scalar                              |
public final class EuclideanLossLayer: LossLayer {
  public static let type = "EuclideanLoss"

  public init(_ definition: LayerDefinition, in context: LayerContext) {}

  /// Both sides may be computed by the net.
  public func allowsForcedBackward(toBottom index: Int) -> Bool { true }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try checkBatch(bottom)
    guard bottom[0].shape.count(1...) == bottom[1].shape.count(1...) else {
      throw NetError("Inputs must have the same dimension.")
    }
    top[0].reshape(to: .scalar)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let a = bottom[0].data.values
    let b = bottom[1].data.values
    let total = sumOfSquaredDifferences(a.baseAddress!, b.baseAddress!, count: a.count)
    top[0].scalar = total / Float(2 * bottom[0].shape[0])
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let a = bottom[0].data.values
    let b = bottom[1].data.values
    let factor = top[0].diff.values[0] / Float(bottom[0].shape[0])
    for (index, sign) in [(0, 1), (1, -1)] as [(Int, Float)] where propagate[index] {
      let diff = bottom[index].diff.uninitializedValues
      for i in 0..<a.count { diff[i] = sign * factor * (a[i] - b[i]) }
    }
  }
}
