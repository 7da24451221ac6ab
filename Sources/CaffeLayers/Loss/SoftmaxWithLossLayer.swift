public import CaffeCore
public import CaffeProto
internal import RealModule

/// The cross-entropy of a softmax with given classes.
///
///     p    = softmax(x)
///     loss = −Σ log max(p[label], FLT_MIN) / norm
///     dx   = (p − [c = label]) · weight / norm
///
/// The smallest probability bounds the loss of one position by 87.3365. Positions with the ignored label count nothing.
///
/// | blob        | shape                                              |
/// |-------------|----------------------------------------------------|
/// | `bottom[0]` | scores: N × C × …                                  |
/// | `bottom[1]` | labels: one for each position, N × …; 0 to C − 1   |
/// | `top[0]`    | loss: a scalar                                     |
/// | `top[1]`    | the probabilities, if wanted: as `bottom[0]`       |
///
/// | parameter                  | default   |
/// |----------------------------|-----------|
/// | `softmax_param.axis`       | 1         |
/// | `softmax_param.engine`     | `DEFAULT` |
/// | `loss_param.normalization` | `VALID`   |
/// | `loss_param.ignore_label`  | none      |
public final class SoftmaxWithLossLayer: LossLayer {
  public static let type = "SoftmaxWithLoss"
  public static let topCount = BlobCount.between(1, 2)

  private let axis: Int
  private let normalization: LossNormalization
  private let engine: any Engine
  private let probabilities = Blob()
  private var operation: (any SoftmaxOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    axis = Int(definition.softmaxParam.axis)
    normalization = LossNormalization(definition.lossParam, default: .valid)
    engine = context.engine
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try checkBatch(bottom)
    let shape = bottom[0].shape
    let axis = try shape.axis(self.axis)
    try checkLabelCount(bottom[1], scores: shape, axis: axis, axisName: "softmax")
    let description = SoftmaxDescription(shape, axis: axis)
    if operation?.description != description { operation = engine.softmax(description) }
    probabilities.reshape(to: shape)
    top[0].reshape(to: .scalar)
    if top.count > 1 {
      top[1].reshape(to: shape)
      top[1].shareData(of: probabilities)
    }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    operation?.forward(bottom[0].data, into: probabilities.data)
    let p = probabilities.data.values
    var loss: Double = 0
    let valid = try forEachLabel(bottom[1]) { position, stride, index in
      guard let index else { return }
      loss -= Double(Float.log(max(p[position + index * stride], .leastNormalMagnitude)))
    }
    top[0].scalar = Float(loss) / divisor(valid: valid)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("SoftmaxWithLoss Layer cannot backpropagate to label inputs.") }
    guard propagate[0] else { return }
    bottom[0].diff.copy(from: probabilities.data)
    let dx = bottom[0].diff.mutableValues
    let classes = operation?.description.channels ?? 0
    let valid = try forEachLabel(bottom[1]) { position, stride, index in
      if let index {
        dx[position + index * stride] -= 1
      } else {
        for c in 0..<classes { dx[position + c * stride] = 0 }
      }
    }
    let factor = top[0].diff.values[0] / divisor(valid: valid)
    for i in 0..<dx.count { dx[i] *= factor }
  }

  private func divisor(valid: Int) -> Float {
    guard let description = operation?.description else { return 1 }
    return normalization.divisor(outer: description.outer, inner: description.inner, valid: valid)
  }

  /// Calls `body` for each position, with the index of its first score, the distance of its scores and its class, which is
  /// nil where the label is to be ignored.
  ///
  /// - Returns: the number of positions that count.
  private func forEachLabel(
    _ labels: Blob, _ body: (_ position: Int, _ stride: Int, _ index: Int?) -> Void
  ) throws(NetError) -> Int {
    guard let description = operation?.description else { return 0 }
    let values = labels.data.values
    var valid = 0
    for outer in 0..<description.outer {
      for inner in 0..<description.inner {
        let label = outer * description.inner + inner
        let index = try classIndex(
          values[label], at: label, classes: description.channels, ignoring: normalization.ignoredLabel)
        body(outer * description.channels * description.inner + inner, description.inner, index)
        if index != nil { valid += 1 }
      }
    }
    return valid
  }
}
