public import CaffeCore
public import CaffeProto
internal import RealModule

/// Mean and variance normalisation of each channel of each image.
///
///     y  = (x − μ) / (σ + ε)
///     dx = (dy − mean(dy) − mean(dy · y) · y) / (σ + ε)
///
/// Without the variance, y = x − μ and dx = dy − mean(dy). σ² is the biased variance. ε is added to σ, not to σ².
///
/// | blob                  | shape         |
/// |-----------------------|---------------|
/// | `bottom[0]`, `top[0]` | N × C × H × W |
///
/// | parameter            | default                                         |
/// |----------------------|-------------------------------------------------|
/// | `normalize_variance` | true                                            |
/// | `across_channels`    | false; true: all channels of an image together  |
/// | `eps`                | 1e−9                                            |
public final class MVNLayer: Layer {
  public static let type = "MVN"
  public static let worksInPlace = true

  private let parameter: MVNParameter
  private let input = KeptInput()
  /// How many values share μ and σ.
  private var size = 0
  /// For each group of values, μ and 1 / (σ + ε).
  private var means: [Float] = []
  private var scales: [Float] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.mvnParam }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    try shape.checkLegacyAxes()
    let groups = parameter.acrossChannels ? shape.legacy(0) : shape.legacy(0) * shape.legacy(1)
    size = groups > 0 ? shape.count / groups : 0
    if means.count != groups {
      means = Array(repeating: 0, count: groups)
      scales = Array(repeating: 1, count: groups)
    }
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    if parameter.normalizeVariance { input.keep(bottom[0], before: top[0]) }
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    for group in means.indices {
      let start = group * size
      let mean = Float(preciseSum(size) { x[start + $0] } / Double(size))
      if parameter.normalizeVariance {
        let squares = preciseSum(size) { (x[start + $0] - mean) * (x[start + $0] - mean) }
        scales[group] = 1 / (Float(squares / Double(size)).squareRoot() + parameter.eps)
      }
      means[group] = mean
      let scale = scales[group]
      for i in start..<start + size { y[i] = (x[i] - mean) * scale }
    }
  }

  public var backwardReads: BackwardReads { parameter.normalizeVariance ? .bottoms : [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let x = parameter.normalizeVariance ? input.values(of: bottom[0]).baseAddress! : nil
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues.baseAddress!
    for group in means.indices {
      let start = group * size
      let mean = means[group]
      let scale = scales[group]
      let meanOfGradient = Float(preciseSum(size) { dy[start + $0] } / Double(size))
      guard let x else {
        for i in start..<start + size { dx[i] = dy[i] - meanOfGradient }
        continue
      }
      let products = preciseSum(size) { dy[start + $0] * (x[start + $0] - mean) }
      let meanOfProduct = Float(products / Double(size)) * scale
      for i in start..<start + size { dx[i] = (dy[i] - meanOfGradient - meanOfProduct * (x[i] - mean) * scale) * scale }
    }
  }
}

/// Σ term(i), added up in double precision: the mean of equal values is that value, so that a flat image gives 0 and not
/// rounding errors divided by ε.
@inline(__always)
private func preciseSum(_ count: Int, _ term: (Int) -> Float) -> Double {
  var total: Double = 0
  for i in 0..<count { total = Relaxed.sum(Double(term(i)), total) }
  return total
}
