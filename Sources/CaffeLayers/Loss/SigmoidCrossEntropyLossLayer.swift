public import CaffeCore
public import CaffeProto
internal import RealModule

/// The cross-entropy of a logistic function with given probabilities: many yes-or-no questions at once.
///
///     loss = −Σ (t · log σ(x) + (1 − t) · log(1 − σ(x))) / norm
///          =  Σ (max(x, 0) − x · t + log(1 + e^−|x|)) / norm
///     dx   = (σ(x) − t) · weight / norm
///
/// | blob        | shape                                            |
/// |-------------|--------------------------------------------------|
/// | `bottom[0]` | x: N × …                                         |
/// | `bottom[1]` | t, from 0 to 1: as many values                   |
/// | `top[0]`    | loss: a scalar                                   |
///
/// | parameter                  | default                                                                         |
/// |----------------------------|---------------------------------------------------------------------------------|
/// | `loss_param.normalization` | `BATCH_SIZE`; `FULL` and `VALID` count every value                              |
/// | `loss_param.ignore_label`  | none; it is compared with t without its fraction, so 0 ignores all −1 < t < 1   |
public final class SigmoidCrossEntropyLossLayer: LossLayer {
  public static let type = "SigmoidCrossEntropyLoss"

  private let normalization: LossNormalization
  /// norm, as the last forward pass found it.
  private var divisor: Float = 1

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    normalization = LossNormalization(definition.lossParam, default: .batchSize)
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try checkBatch(bottom)
    guard bottom[0].count == bottom[1].count else {
      throw NetError(
        "SIGMOID_CROSS_ENTROPY_LOSS layer inputs must have the same count. (\(bottom[0].count) vs. \(bottom[1].count))")
    }
    top[0].reshape(to: .scalar)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values
    let target = bottom[1].data.values
    var loss: Double = 0
    var valid = 0
    for i in 0..<x.count where !isIgnored(target[i]) {
      loss += Double(max(x[i], 0) - x[i] * target[i] + .log(onePlus: .exp(-abs(x[i]))))
      valid += 1
    }
    let shape = bottom[0].shape
    divisor = normalization.divisor(outer: shape[0], inner: shape.count(1...), valid: valid)
    top[0].scalar = Float(loss) / divisor
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("SigmoidCrossEntropyLoss Layer cannot backpropagate to label inputs.") }
    guard propagate[0] else { return }
    let factor = top[0].diff.values[0] / divisor
    let x = bottom[0].data.values
    let target = bottom[1].data.values
    let dx = bottom[0].diff.uninitializedValues
    for i in 0..<x.count { dx[i] = isIgnored(target[i]) ? 0 : (logistic(x[i]) - target[i]) * factor }
  }

  private func isIgnored(_ target: Float) -> Bool {
    guard let ignored = normalization.ignoredLabel else { return false }
    return target.rounded(.towardZero) == Float(ignored)
  }
}
