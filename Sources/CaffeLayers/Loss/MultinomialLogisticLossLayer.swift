public import CaffeCore
internal import RealModule

/// The cross-entropy of given probabilities, such as those of a Softmax layer, with given classes.
///
///     loss      = −Σ log max(p[label], 10⁻²⁰) / N
///     dp[label] = −weight / (N · max(p[label], 10⁻²⁰)),   0 at other classes
///
/// | blob        | shape                                                     |
/// |-------------|-----------------------------------------------------------|
/// | `bottom[0]` | p: N × …; the values of an item are its classes           |
/// | `bottom[1]` | labels: N; 0 to classes − 1                               |
/// | `top[0]`    | loss: a scalar                                            |
///
/// - Note: From scores rather than probabilities, SoftmaxWithLoss computes the same with a more stable gradient.
public final class MultinomialLogisticLossLayer: LossLayer {
  public static let type = "MultinomialLogisticLoss"

  private let leastProbability: Float = 1e-20

  public init(_ definition: LayerDefinition, in context: LayerContext) {}

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try bottom[0].shape.checkLegacyAxes()
    try checkBatch(bottom)
    try checkOneLabelForEachItem(bottom)
    top[0].reshape(to: .scalar)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let p = bottom[0].data.values
    let classes = bottom[0].shape.count(1...)
    var loss: Double = 0
    try forEachLabel(bottom, classes: classes) { item, label in
      loss -= Double(Float.log(max(p[item * classes + label], leastProbability)))
    }
    top[0].scalar = Float(loss) / batchDivisor(bottom)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("MultinomialLogisticLoss Layer cannot backpropagate to label inputs.") }
    guard propagate[0] else { return }
    let factor = top[0].diff.values[0] / batchDivisor(bottom)
    let classes = bottom[0].shape.count(1...)
    let p = bottom[0].data.values
    let dp = bottom[0].diff.uninitializedValues
    dp.update(repeating: 0)
    try forEachLabel(bottom, classes: classes) { item, label in
      dp[item * classes + label] = -factor / max(p[item * classes + label], leastProbability)
    }
  }
}
