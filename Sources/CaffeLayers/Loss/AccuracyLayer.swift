public import CaffeCore
public import CaffeProto

/// How often the true class is among those with the best scores.
///
/// A position is right when fewer than `top_k` other classes have a score at least as high as that of the true class: a tie
/// counts as wrong. Scores that are not numbers lose no comparison, so such a position counts as right.
///
/// | blob        | shape                                                             |
/// |-------------|-------------------------------------------------------------------|
/// | `bottom[0]` | scores: N × C × …                                                 |
/// | `bottom[1]` | labels: one for each position, N × …; 0 to C − 1                  |
/// | `top[0]`    | right / considered: a scalar; 0 if nothing is considered          |
/// | `top[1]`    | the same for each class: C; 0 for a class without any position    |
///
/// | parameter      | default |
/// |----------------|---------|
/// | `top_k`        | 1       |
/// | `axis`         | 1       |
/// | `ignore_label` | none    |
public final class AccuracyLayer: Layer {
  public static let type = "Accuracy"
  public static let bottomCount = BlobCount.exactly(2)
  public static let topCount = BlobCount.between(1, 2)

  private let topK: Int
  private let axisNumber: Int
  private let ignoredLabel: Int?
  private var axis = 1
  /// For each class, how many positions have it.
  private var occurrences: [Float] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    let parameter = definition.accuracyParam
    topK = Int(parameter.topK)
    axisNumber = Int(parameter.axis)
    ignoredLabel = parameter.hasIgnoreLabel ? Int(parameter.ignoreLabel) : nil
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard topK * bottom[1].count <= shape.count else {
      throw NetError("top_k must be less than or equal to the number of classes. (top_k is \(topK))")
    }
    axis = try shape.axis(axisNumber)
    try checkLabelCount(bottom[1], scores: shape, axis: axis, axisName: "label")
    top[0].reshape(to: .scalar)
    if top.count > 1 {
      top[1].reshape(to: [shape[axis]])
      if occurrences.count != shape[axis] { occurrences = Array(repeating: 0, count: shape[axis]) }
    }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let classes = shape[axis]
    let inner = shape.count((axis + 1)...)
    let scores = bottom[0].data.values
    let labels = bottom[1].data.values
    let perClass = top.count > 1 ? top[1].data.uninitializedValues : nil
    perClass?.update(repeating: 0)
    for index in occurrences.indices { occurrences[index] = 0 }
    var right = 0
    var considered = 0
    for position in 0..<labels.count {
      guard let label = try classIndex(labels[position], at: position, classes: classes, ignoring: ignoredLabel) else {
        continue
      }
      let first = position / inner * classes * inner + position % inner
      let score = scores[first + label * inner]
      var better = 0
      for c in 0..<classes where c != label && scores[first + c * inner] >= score { better += 1 }
      considered += 1
      if better < topK { right += 1 }
      guard let perClass else { continue }
      occurrences[label] += 1
      if better < topK { perClass[label] += 1 }
    }
    top[0].scalar = considered == 0 ? 0 : Float(right) / Float(considered)
    guard let perClass else { return }
    for c in 0..<classes where occurrences[c] > 0 { perClass[c] /= occurrences[c] }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate.bottoms.contains(true) else {
      throw NetError("Accuracy has no gradient: Not Implemented Yet", remedy: "remove what asks for it downstream")
    }
  }
}
