public import CaffeCore
public import CaffeProto

/// Draws pairs of similar items together and pushes others apart, up to a margin (Hadsell, Chopra and LeCun, 2006).
///
///     d²   = Σ (a − b)²
///     loss = Σ (s · d² + (1 − s) · max(m − d, 0)²) / (2 N)
///     da   = weight / N · (a − b)                          for similar pairs
///     da   = −weight / N · (m − d) / (d + 10⁻⁴) · (a − b)  for others with d < m, else 0
///     db   = −da
///
/// The legacy version has max(m − d², 0) in place of max(m − d, 0)², with da = −weight / N · (a − b) while d² < m.
///
/// | blob                     | shape                                                     |
/// |--------------------------|-----------------------------------------------------------|
/// | `bottom[0]`, `bottom[1]` | a, b: N × C, or N × C × 1 × 1                             |
/// | `bottom[2]`              | s: N; 0 for a pair of different things, else similar; its fraction is cut off |
/// | `top[0]`                 | loss: a scalar                                            |
///
/// | parameter        | default |
/// |------------------|---------|
/// | `margin`         | 1       |
/// | `legacy_version` | false   |
public final class ContrastiveLossLayer: LossLayer {
  public static let type = "ContrastiveLoss"
  public static let bottomCount = BlobCount.exactly(3)

  private let margin: Float
  private let isLegacy: Bool

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    margin = definition.contrastiveLossParam.margin
    isLegacy = definition.contrastiveLossParam.legacyVersion
  }

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index != 2 }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    try shape.checkLegacyAxes()
    try checkBatch(bottom)
    guard shape.rank >= 2, shape.count(2...) == 1, bottom[1].count == bottom[0].count else {
      throw NetError("bottom[0] and bottom[1] must both be N × C, or N × C × 1 × 1")
    }
    guard bottom[2].count == shape[0] else {
      throw NetError("bottom[2] must tell of each of the \(shape[0]) pairs whether it is similar: N values")
    }
    top[0].reshape(to: .scalar)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    var loss: Double = 0
    forEachPair(bottom) { _, squaredDistance, isSimilar in
      loss += Double(isSimilar ? squaredDistance : penalty(squaredDistance))
    }
    top[0].scalar = Float(loss) / (2 * batchDivisor(bottom))
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let a = bottom[0].data.values
    let b = bottom[1].data.values
    let factor = top[0].diff.values[0] / batchDivisor(bottom)
    for (index, sign) in [(0, 1), (1, -1)] as [(Int, Float)] where propagate[index] {
      let diff = bottom[index].diff.uninitializedValues
      forEachPair(bottom) { range, squaredDistance, isSimilar in
        let slope = sign * factor * (isSimilar ? 1 : penaltySlope(squaredDistance))
        for i in range { diff[i] = slope * (a[i] - b[i]) }
      }
    }
    // The loss does not change with the number that says whether a pair is similar, but where that is cut off.
    if propagate[2] { bottom[2].diff.setZero() }
  }

  /// The loss of a pair that should be apart.
  private func penalty(_ squaredDistance: Float) -> Float {
    if isLegacy { return max(margin - squaredDistance, 0) }
    let lack = max(margin - squaredDistance.squareRoot(), 0)
    return lack * lack
  }

  /// The factor of a − b in its gradient.
  private func penaltySlope(_ squaredDistance: Float) -> Float {
    if isLegacy { return squaredDistance < margin ? -1 : 0 }
    let distance = squaredDistance.squareRoot()
    return distance < margin ? -(margin - distance) / (distance + 1e-4) : 0
  }

  /// Calls `body` for each pair with its range of values and d².
  private func forEachPair(
    _ bottom: [Blob], _ body: (_ range: Range<Int>, _ squaredDistance: Float, _ isSimilar: Bool) -> Void
  ) {
    let a = bottom[0].data.values.baseAddress!
    let b = bottom[1].data.values.baseAddress!
    let similarities = bottom[2].data.values
    let channels = bottom[0].shape[1]
    for pair in 0..<similarities.count {
      let start = pair * channels
      body(
        start..<start + channels, sumOfSquaredDifferences(a + start, b + start, count: channels),
        similarities[pair].rounded(.towardZero) != 0)
    }
  }
}
