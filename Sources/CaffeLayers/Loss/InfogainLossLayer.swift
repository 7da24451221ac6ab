public import CaffeCore
public import CaffeProto
internal import RealModule

/// The cross-entropy of a softmax with given classes, in which a matrix says what each mistake costs.
///
///     p    = softmax(x)
///     loss = −Σ_l H[label, l] · log max(p[l], 10⁻²⁰) / norm
///     dx   = (p · Σ_l H[label, l] − H[label]) · weight / norm
///
/// With the identity matrix as H this is SoftmaxWithLoss. Positions with the ignored label count nothing.
///
/// | blob        | shape                                                                        |
/// |-------------|------------------------------------------------------------------------------|
/// | `bottom[0]` | scores: N × K × …                                                            |
/// | `bottom[1]` | labels: one for each position, N × …; 0 to K − 1                             |
/// | `bottom[2]` | H, unless it comes from a file: K · K values, a row for each label           |
/// | `top[0]`    | loss: a scalar                                                               |
/// | `top[1]`    | p, if wanted: as `bottom[0]`                                                 |
///
/// | parameter                    | default                                                                    |
/// |------------------------------|----------------------------------------------------------------------------|
/// | `infogain_loss_param.source` | a binary BlobProto (.binaryproto) with H; required unless it is a bottom   |
/// | `infogain_loss_param.axis`   | 1                                                                          |
/// | `loss_param.normalization`   | `VALID`; the older `normalize` is refused                                  |
/// | `loss_param.ignore_label`    | none                                                                       |
public final class InfogainLossLayer: LossLayer {
  public static let type = "InfogainLoss"
  public static let bottomCount = BlobCount.between(2, 3)
  public static let topCount = BlobCount.between(1, 2)

  private let axis: Int
  private let source: String?
  private let normalization: LossNormalization
  private let engine: any Engine
  private let probabilities = Blob()
  private var matrix: Blob?
  private var operation: (any SoftmaxOperation)?
  /// norm, as the last forward pass found it.
  private var divisor: Float = 1

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    guard !definition.lossParam.hasNormalize else {
      throw NetError("normalize is deprecated. use \"normalization\"", remedy: "true is VALID, false is BATCH_SIZE")
    }
    axis = Int(definition.infogainLossParam.axis)
    source = definition.infogainLossParam.hasSource ? definition.infogainLossParam.source : nil
    normalization = LossNormalization(definition.lossParam, default: .valid)
    engine = context.engine
  }

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index == 0 }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    guard bottom.count < 3 else { return }
    guard let source else {
      throw NetError("Infogain matrix source must be specified.", remedy: "set source, or give the matrix as bottom[2]")
    }
    do {
      try FileRole.matrix.check(source)
      matrix = try Blob(BinaryProto.read(BlobProto.self, path: source))
    } catch let error as NetError {
      throw NetError("\(source): \(error.problem)")
    } catch let error as WrongFileError {
      throw NetError("\(source): \(error.problem)", remedy: error.remedy)
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try checkBatch(bottom)
    let shape = bottom[0].shape
    let axis = try shape.axis(self.axis)
    try checkLabelCount(bottom[1], scores: shape, axis: axis, axisName: "infogain")
    let matrix = self.matrix ?? bottom[2]
    guard matrix.count == shape[axis] * shape[axis] else {
      throw NetError(
        "the infogain matrix must be \(shape[axis]) × \(shape[axis]), as there are \(shape[axis]) classes, "
          + "but its shape is \(matrix.shape)")
    }
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
    var valid = 0
    try forEachPosition(bottom) { scores, gains in
      guard let gains else { return }
      for (index, gain) in zip(scores, gains) { loss -= Double(gain * .log(max(p[index], 1e-20))) }
      valid += 1
    }
    let (outer, inner) = operation.map { ($0.description.outer, $0.description.inner) } ?? (1, 1)
    divisor = normalization.divisor(outer: outer, inner: inner, valid: valid)
    top[0].scalar = Float(loss) / divisor
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("InfogainLoss Layer cannot backpropagate to label inputs.") }
    guard bottom.count < 3 || !propagate[2] else {
      throw NetError("InfogainLoss Layer cannot backpropagate to infogain inputs.")
    }
    guard propagate[0] else { return }
    let factor = top[0].diff.values[0] / divisor
    let p = probabilities.data.values
    let dx = bottom[0].diff.uninitializedValues
    try forEachPosition(bottom) { scores, gains in
      guard let gains else {
        for index in scores { dx[index] = 0 }
        return
      }
      let total = gains.reduce(0, +)
      for (index, gain) in zip(scores, gains) { dx[index] = (p[index] * total - gain) * factor }
    }
  }

  /// Calls `body` for each position with the indices of its scores and the row of H for its label, nil if that is ignored.
  private func forEachPosition(
    _ bottom: [Blob], _ body: (_ scores: StrideTo<Int>, _ gains: Slice<UnsafeBufferPointer<Float>>?) -> Void
  ) throws(NetError) {
    guard let description = operation?.description else { return }
    let (classes, inner) = (description.channels, description.inner)
    let labels = bottom[1].data.values
    let gains = (matrix ?? bottom[2]).data.values
    for position in 0..<description.outer * inner {
      let first = position / inner * classes * inner + position % inner
      let label = try classIndex(
        labels[position], at: position, classes: classes, ignoring: normalization.ignoredLabel)
      body(
        stride(from: first, to: first + classes * inner, by: inner),
        label.map { gains[$0 * classes..<($0 + 1) * classes] })
    }
  }
}
