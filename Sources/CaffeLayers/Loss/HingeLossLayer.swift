public import CaffeCore
public import CaffeProto

/// The hinge loss of one class against all others, as in linear support vector machines.
///
///     δ    = 1 at the true class, −1 at all others
///     e    = max(0, 1 − δ · x)
///     loss = Σ e / N       (L1),    dx = −δ · [e > 0] · weight / N
///     loss = Σ e² / N      (L2),    dx = −2 δ · e · weight / N
///
/// | blob        | shape                                                   |
/// |-------------|---------------------------------------------------------|
/// | `bottom[0]` | scores: N × …; the values of an item are its classes    |
/// | `bottom[1]` | labels: N; 0 to classes − 1                             |
/// | `top[0]`    | loss: a scalar                                          |
///
/// | parameter | default |
/// |-----------|---------|
/// | `norm`    | `L1`    |
public final class HingeLossLayer: LossLayer {
  public static let type = "HingeLoss"

  private let isSquared: Bool

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    isSquared = definition.hingeLossParam.norm == .l2
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try bottom[0].shape.checkLegacyAxes()
    try checkBatch(bottom)
    try checkOneLabelForEachItem(bottom)
    top[0].reshape(to: .scalar)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let x = bottom[0].data.values
    var loss: Double = 0
    try forEachScore(bottom) { i, sign in
      let error = Double(max(0, 1 - sign * x[i]))
      loss += isSquared ? error * error : error
    }
    top[0].scalar = Float(loss) / batchDivisor(bottom)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("HingeLoss Layer cannot backpropagate to label inputs.") }
    guard propagate[0] else { return }
    let factor = top[0].diff.values[0] / batchDivisor(bottom)
    let x = bottom[0].data.values
    let dx = bottom[0].diff.uninitializedValues
    try forEachScore(bottom) { i, sign in
      let error = max(0, 1 - sign * x[i])
      dx[i] = -sign * factor * (isSquared ? 2 * error : error > 0 ? 1 : 0)
    }
  }

  /// Calls `body` with the index of each score and its δ.
  private func forEachScore(_ bottom: [Blob], _ body: (_ index: Int, _ sign: Float) -> Void) throws(NetError) {
    let classes = bottom[0].shape.count(1...)
    try forEachLabel(bottom, classes: classes) { item, label in
      for c in 0..<classes { body(item * classes + c, c == label ? 1 : -1) }
    }
  }
}
