public import CaffeCore
public import CaffeProto

/// Spatial pyramid pooling (He et al., 2014): an image of any size becomes a vector of one length.
///
/// Level l pools into 2ˡ × 2ˡ bins by the rules of the Pooling layer, and the levels are joined. For each axis of length s
///
///     kernel = stride = ⌈s / 2ˡ⌉,   pad = ⌊(kernel · 2ˡ − s + 1) / 2⌋
///
/// | blob        | shape                                                                        |
/// |-------------|------------------------------------------------------------------------------|
/// | `bottom[0]` | N × C × H × W                                                                |
/// | `top[0]`    | N × (C · Σ 4ˡ); with a single level N × C × 1 × 1                            |
///
/// | parameter        | default                               |
/// |------------------|---------------------------------------|
/// | `pyramid_height` | required: the number of levels        |
/// | `pool`           | `MAX`; `AVE`; `STOCHASTIC` is refused |
/// | `engine`         | not read, as in Caffe                 |
///
/// Refused are images for which a level's padding would reach its kernel, among them those with fewer pixels than bins.
public final class SPPLayer: Layer {
  public static let type = "SPP"

  /// A pooling layer, its own view of the image, and what it makes of it.
  private struct Level {
    let pooling: PoolingLayer
    let image: Blob
    let pooled: Blob
  }

  private let parameter: SPPParameter
  private let context: LayerContext
  private var levels: [Level] = []
  private var pieces = AxisPieces()
  private var sum: (any SumOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.sppParam
    self.context = context
    guard parameter.pyramidHeight > 0 else {
      throw NetError("pyramid_height > 0 does not hold", remedy: "set pyramid_height in spp_param")
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape.rank == 4 else {
      throw NetError("Input must have 4 axes, corresponding to (num, channels, height, width)")
    }
    guard shape[2] > 0, shape[3] > 0 else { throw NetError("Input dimensions cannot be zero.") }
    levels = []
    for level in 0..<Int(parameter.pyramidHeight) { levels.append(try makeLevel(level, bottom[0])) }
    pieces = try AxisPieces(levels.map { $0.pooled.shape.count(1...) }, of: [shape[0], 1], axis: 1)
    top[0].reshape(to: levels.count == 1 ? levels[0].pooled.shape : pieces.wholeShape)
    let description = SumDescription(shape: shape, coefficients: Array(repeating: 1, count: levels.count))
    if self.sum?.description != description { self.sum = context.engine.sum(description) }
  }

  private func makeLevel(_ level: Int, _ bottom: Blob) throws -> Level {
    var definition = LayerDefinition()
    definition.poolingParam.pool = PoolingParameter.PoolMethod(rawValue: parameter.pool.rawValue) ?? .max
    var kernel: [UInt32] = []
    var pad: [UInt32] = []
    for (axis, name) in ["h", "w"].enumerated() {
      let size = bottom.shape[2 + axis]
      let length = (size + (1 << level) - 1) >> level
      let padding = (length << level - size + 1) / 2
      guard padding < length else {
        throw NetError(
          "pad_\(name) < kernel_\(name) does not hold (\(padding) vs. \(length)) for the \(1 << level) bins of level \(level)",
          remedy: "use a smaller pyramid_height or an image whose sides the bins divide")
      }
      kernel.append(UInt32(length))
      pad.append(UInt32(padding))
    }
    (definition.poolingParam.kernelH, definition.poolingParam.kernelW) = (kernel[0], kernel[1])
    (definition.poolingParam.strideH, definition.poolingParam.strideW) = (kernel[0], kernel[1])
    (definition.poolingParam.padH, definition.poolingParam.padW) = (pad[0], pad[1])
    let image = Blob(bottom.shape)
    image.shareData(of: bottom)
    let result = Level(pooling: try PoolingLayer(definition, in: context), image: image, pooled: Blob())
    try result.pooling.reshape([image], [result.pooled])
    return result
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    for level in levels { level.pooling.forward([level.image], [level.pooled]) }
    pieces.join(levels.map(\.pooled.data), into: top[0].data, on: context.engine)
  }

  public var backwardReads: BackwardReads { context.phase == .train ? [] : .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard propagate[0] else { return }
    for (index, level) in levels.enumerated() {
      pieces.cut(index, from: top[0].diff, into: level.pooled.diff, on: context.engine)
      try level.pooling.backward([level.pooled], [level.image], propagate: Propagation(bottoms: [true]))
    }
    self.sum?.forward(levels.map(\.image.diff), into: bottom[0].diff)
  }
}
