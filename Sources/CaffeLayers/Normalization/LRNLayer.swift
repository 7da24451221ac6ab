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
public final class LRNLayer: Layer, Explained {
  public static let type = "LRN"
  public static let worksInPlace = true

  private let parameter: LRNParameter
  private let region: NeighbourSums.Region
  private let k: Float
  /// α / n
  private let factor: Float
  private let beta: Float
  private let isTraining: Bool
  private let input = KeptInput()
  private let engine: any Engine
  private var operation: (any LocalResponseNormalizationOperation)?
  public var kernel: String? { CaffeCore.kernel(of: operation) }
  private var neighbourSums: NeighbourSums?
  /// s of one channel.
  private let scales = Buffer()
  // Of one image, only for the gradient: s^−β and what is to be summed.
  private let powers = Buffer()
  private let terms = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.lrnParam
    isTraining = context.phase == .train
    engine = context.engine
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
    if region == .acrossChannels {
      let description = LocalResponseNormalizationDescription(
        shape: shape, size: Int(parameter.localSize), alpha: parameter.alpha, beta: beta, k: k,
        isDifferentiated: isTraining)
      if operation?.description != description { operation = engine.localResponseNormalization(description) }
    }
    neighbourSums = NeighbourSums(region, size: Int(parameter.localSize), image: shape.axes(1...))
    scales.resize(to: shape.count(2...))
    for buffer in [powers, terms] { buffer.resize(to: shape.count(1...)) }
  }

  public var role: LayerRole { .itemwise }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    input.keep(bottom[0], before: top[0])
    if let operation { return operation.forward(input.buffer(of: bottom[0]), into: top[0].data) }
    let x = input.values(of: bottom[0]).baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    let p = scales.uninitializedValues.baseAddress!
    forEachImage(of: bottom[0]) { image, channels, size in
      for channel in 0..<channels {
        computeScales(x + image, channel)
        raise(scales, into: p)
        let start = image + channel * size
        for i in 0..<size { y[start + i] = x[start + i] * p[i] }
      }
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    if let operation {
      return operation.backward(top[0].diff, at: input.buffer(of: bottom[0]), into: bottom[0].diff)
    }
    let x = input.values(of: bottom[0]).baseAddress!
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues.baseAddress!
    let s = scales.uninitializedValues.baseAddress!
    let p = powers.uninitializedValues.baseAddress!
    let t = terms.uninitializedValues.baseAddress!
    let coefficient = 2 * factor * beta
    forEachImage(of: bottom[0]) { image, channels, size in
      for channel in 0..<channels {
        let start = channel * size
        computeScales(x + image, channel)
        raise(scales, into: p + start)
        for i in 0..<size { t[start + i] = dy[image + start + i] * x[image + start + i] * p[start + i] / s[i] }
      }
      for channel in 0..<channels {
        let start = channel * size
        neighbourSums?(t, channel: channel, into: s) { $0 }
        for i in 0..<size {
          dx[image + start + i] = dy[image + start + i] * p[start + i] - coefficient * x[image + start + i] * s[i]
        }
      }
    }
  }

  private func forEachImage(of blob: Blob, _ body: (_ start: Int, _ channels: Int, _ size: Int) -> Void) {
    let (channels, size) = (blob.shape[1], blob.shape.count(2...))
    for item in 0..<blob.shape[0] { body(item * channels * size, channels, size) }
  }

  /// s of one channel.
  private func computeScales(_ image: UnsafePointer<Float>, _ channel: Int) {
    let s = scales.uninitializedValues
    neighbourSums?(image, channel: channel, into: s.baseAddress!) { $0 * $0 }
    for i in 0..<s.count { s[i] = k + factor * s[i] }
  }

  /// s^−β, which may take the place of s.
  private func raise(_ scales: Buffer, into powers: UnsafeMutablePointer<Float>) {
    let s = scales.values
    if beta == 0.75 {
      // Two square roots take a fraction of the time of `pow`.
      for i in 0..<s.count {
        let root = s[i].squareRoot()
        powers[i] = 1 / (root * root.squareRoot())
      }
    } else {
      for i in 0..<s.count { powers[i] = pow(s[i], -beta) }
    }
  }
}
