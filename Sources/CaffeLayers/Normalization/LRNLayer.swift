public import CaffeCore
public import CaffeProto

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Local response normalisation (Krizhevsky et al., 2012, §3.3): each value is divided by how lively its neighbourhood is.
///
///     s  = k + (α / n) · Σ x′²
///     y  = x · s^−β
///     dx = dy · s^−β − (2αβ / n) · x · Σ dy′ · y′ / s′
///
/// | `norm_region`     | the sums run over                                  | n            |
/// |-------------------|----------------------------------------------------|--------------|
/// | `ACROSS_CHANNELS` | `local_size` channels around that of x             | `local_size` |
/// | `WITHIN_CHANNEL`  | `local_size` × `local_size` pixels around x; k is 1 | `local_size`² |
///
/// | blob                  | shape         |
/// |-----------------------|---------------|
/// | `bottom[0]`, `top[0]` | N × C × H × W |
///
/// | parameter     | default           |
/// |---------------|-------------------|
/// | `local_size`  | 5 (odd)           |
/// | `alpha`       | 1                 |
/// | `beta`        | 0.75              |
/// | `k`           | 1                 |
/// | `norm_region` | `ACROSS_CHANNELS` |
/// | `engine`      | `DEFAULT`         |
///
/// - Note: Caffe divides α by n and the paper does not: a net taken from the paper multiplies its α by n.
public final class LRNLayer: Layer {
  public static let type = "LRN"
  public static let worksInPlace = true

  private let parameter: LRNParameter
  private let region: NeighbourSums.Region
  private let k: Float
  /// α / n
  private let factor: Float
  private let beta: Float
  private let input = KeptInput()
  private var neighbourSums: NeighbourSums?
  // Of one image at a time: s, s^−β, and what is to be summed.
  private let scales = Buffer()
  private let powers = Buffer()
  private let terms = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.lrnParam
    guard parameter.localSize % 2 == 1 else {
      throw NetError("LRN only supports odd values for local_size (it is \(parameter.localSize))")
    }
    let size = Float(parameter.localSize)
    let isAcross = parameter.normRegion == .acrossChannels
    region = isAcross ? .acrossChannels : .withinChannel
    k = isAcross ? parameter.k : 1
    factor = parameter.alpha / (isAcross ? size : size * size)
    beta = parameter.beta
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape.rank == 4 else {
      throw NetError("Input must have 4 axes, corresponding to (num, channels, height, width)")
    }
    top[0].reshape(like: bottom[0])
    neighbourSums = NeighbourSums(region, size: Int(parameter.localSize), image: shape.axes(1...))
    for buffer in [scales, powers, terms] { buffer.resize(to: shape.count(1...)) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    input.keep(bottom[0], before: top[0])
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    let size = scales.count
    for start in stride(from: 0, to: bottom[0].count, by: max(size, 1)) {
      normalize(x + start)
      let p = powers.values
      for i in 0..<size { y[start + i] = x[start + i] * p[i] }
    }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let x = input.values(of: bottom[0]).baseAddress!
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues.baseAddress!
    let size = scales.count
    for start in stride(from: 0, to: bottom[0].count, by: max(size, 1)) {
      normalize(x + start)
      let s = scales.mutableValues.baseAddress!
      let p = powers.values
      let t = terms.uninitializedValues
      for i in 0..<size { t[i] = dy[start + i] * x[start + i] * p[i] / s[i] }
      neighbourSums?(t.baseAddress!, into: s)
      let coefficient = 2 * factor * beta
      for i in 0..<size { dx[start + i] = dy[start + i] * p[i] - coefficient * x[start + i] * s[i] }
    }
  }

  /// Computes s and s^−β of one image.
  private func normalize(_ x: UnsafePointer<Float>) {
    let size = scales.count
    let s = scales.uninitializedValues
    let p = powers.uninitializedValues
    let t = terms.uninitializedValues
    for i in 0..<size { t[i] = x[i] * x[i] }
    neighbourSums?(t.baseAddress!, into: s.baseAddress!)
    for i in 0..<size { s[i] = k + factor * s[i] }
    if beta == 0.75 {
      // Two roots vectorise, unlike a call of `pow`.
      for i in 0..<size {
        let root = s[i].squareRoot()
        p[i] = 1 / (root * root.squareRoot())
      }
    } else {
      for i in 0..<size { p[i] = pow(s[i], -beta) }
    }
  }
}
