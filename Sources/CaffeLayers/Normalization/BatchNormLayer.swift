public import CaffeCore
public import CaffeProto

/// Batch normalisation (Ioffe and Szegedy, 2015), without the learned scale and shift: a Scale layer follows for these, or
/// `scale_bias` asks for them here, as in NVIDIA's and Intel's forks.
///
///     y = (x − μ) / √(σ² + ε),   with scale_bias y = s · (x − μ) / √(σ² + ε) + b
///
/// In TRAIN, μ and the biased σ² are those of the batch, over all axes but the channels, and the stored sums move on with
/// every forward pass: with f the moving average fraction and m the number of values in a channel,
///
///     factor ← f · factor + 1,   mean ← f · mean + μ,   variance ← f · variance + σ² · m / (m − 1)
///
/// In TEST (`use_global_stats`) μ = mean / factor and σ² = variance / factor, or 0 while factor is 0.
///
/// | blob                  | shape                                    |
/// |-----------------------|------------------------------------------|
/// | `bottom[0]`, `top[0]` | N × C × …                                |
/// | `parameters`          | mean: C, variance: C, factor: 1; all 0; with `scale_bias` s: C, b: C |
///
/// | parameter                 | default                       |
/// |---------------------------|-------------------------------|
/// | `use_global_stats`        | true in TEST, false in TRAIN  |
/// | `moving_average_fraction` | 0.999                         |
/// | `eps`                     | 1e−5                          |
/// | `scale_bias`, `use_weight_bias` | false: one is as good as the other |
/// | `scale_filler`, `bias_filler` | constant 1, constant 0    |
public final class BatchNormLayer: Layer, Explained {
  public static let type = "BatchNorm"
  public static let worksInPlace = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let usesStoredStatistics: Bool
  private let fraction: Float
  private let epsilon: Float
  private var channels = 0
  private let input = KeptInput()
  private let engine: any Engine
  private var operation: (any BatchNormalizationOperation)?
  /// Scales and shifts what is normalised, if that is asked for.
  private let learned: ScaleLayer?
  private let normalized = Blob()
  public var kernel: String? { CaffeCore.kernel(of: operation) }
  /// For each channel μ and σ² of the last forward pass.
  private let means = Buffer()
  private let variances = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    self.definition = definition
    self.context = context
    engine = context.engine
    let parameter = definition.batchNormParam
    usesStoredStatistics = parameter.hasUseGlobalStats ? parameter.useGlobalStats : context.phase == .test
    fraction = parameter.movingAverageFraction
    epsilon = parameter.eps
    learned =
      parameter.scaleBias || parameter.useWeightBias ? ScaleLayer(definition.scaleBehindNorm, in: context) : nil
    if definition.param.prefix(Self.statisticCount).contains(where: { $0.lrMult != 0 }) {
      throw NetError(
        "Cannot configure batch normalization statistics as layer parameters.",
        remedy: "remove the layer's param { }, or give each of the three lr_mult: 0")
    }
  }

  static let statisticCount = 3

  /// The statistics are no weights: the solver must leave them alone.
  public static func complete(_ definition: inout LayerDefinition) {
    while definition.param.count < statisticCount { definition.param.append(.with { $0.lrMult = 0 }) }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    channels = bottom[0].shape[try bottom[0].shape.axis(1)]
    for (index, shape) in ([[channels], [channels], [1]] as [Shape]).enumerated() {
      parameters.append(try definition.makeParameter(index, shape, filler: FillerParameter(), in: context))
    }
    for statistic in [means, variances] { statistic.resize(to: channels) }
    guard let learned else { return }
    normalized.reshape(like: bottom[0])
    try learned.setUp([normalized], top)
    parameters += learned.parameters
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape[try shape.axis(1)] == channels else {
      throw NetError("the input has \(shape[1]) channels, but the layer was set up for \(channels)")
    }
    top[0].reshape(like: bottom[0])
    let description = BatchNormalizationDescription(
      shape: shape, epsilon: epsilon, usesGivenStatistics: usesStoredStatistics)
    if operation?.description != description { operation = engine.batchNormalization(description) }
    guard let learned else { return }
    normalized.reshape(like: bottom[0])
    try learned.reshape([normalized], top)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    if usesStoredStatistics {
      takeStoredStatistics()
    } else {
      input.keep(bottom[0], before: top[0])
    }
    let output = learned == nil ? top[0] : normalized
    operation?.forward(bottom[0].data, mean: means, variance: variances, into: output.data)
    if !usesStoredStatistics { moveStoredStatistics() }
    learned?.forward([normalized], top)
  }

  public var backwardReads: BackwardReads { usesStoredStatistics ? [] : .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let learns = Array(propagate.parameters.dropFirst(Self.statisticCount))
    learned?.backward(top, [normalized], propagate: Propagation(bottoms: propagate.bottoms, parameters: learns))
    guard propagate[0] else { return }
    // The gradient at given statistics does not depend on the input, of which there is no copy then.
    let source = usesStoredStatistics ? bottom[0].data : input.buffer(of: bottom[0])
    let output = learned == nil ? top[0] : normalized
    operation?.backward(output.diff, at: source, mean: means, variance: variances, into: bottom[0].diff)
  }

  /// In training, every pass moves the stored statistics on.
  public var isRepeatable: Bool { usesStoredStatistics }

  public var role: LayerRole { usesStoredStatistics ? .channelScale(self) : .other }

  private func takeStoredStatistics() {
    let factor = parameters[2].data.values[0]
    let inverse = factor == 0 ? 0 : 1 / factor
    let mean = parameters[0].data.values
    let variance = parameters[1].data.values
    let (means, variances) = (means.uninitializedValues, variances.uninitializedValues)
    for c in 0..<channels {
      means[c] = mean[c] * inverse
      variances[c] = variance[c] * inverse
    }
  }

  private func moveStoredStatistics() {
    let storedMean = parameters[0].data.mutableValues
    let storedVariance = parameters[1].data.mutableValues
    let factor = parameters[2].data.mutableValues
    let m = Float(operation?.description.valuesPerChannel ?? 0)
    let (means, variances) = (means.values, variances.values)
    factor[0] = fraction * factor[0] + 1
    for c in 0..<channels {
      storedMean[c] = fraction * storedMean[c] + means[c]
      storedVariance[c] = fraction * storedVariance[c] + variances[c] * (m > 1 ? m / (m - 1) : 1)
    }
  }
}

extension BatchNormLayer: ChannelScaling {
  public func apply(toScale scale: UnsafeMutableBufferPointer<Float>, shift: UnsafeMutableBufferPointer<Float>) {
    takeStoredStatistics()
    let (means, variances) = (means.values, variances.values)
    for c in scale.indices {
      let factor = 1 / (variances[c] + epsilon).squareRoot()
      scale[c] *= factor
      shift[c] = (shift[c] - means[c]) * factor
    }
    learned?.apply(toScale: scale, shift: shift)
  }
}

extension LayerDefinition {
  /// The Scale layer that stands for what a BatchNorm layer with `scale_bias` learns.
  fileprivate var scaleBehindNorm: LayerDefinition {
    .with {
      $0.name = name
      $0.type = ScaleLayer.type
      $0.blobs = Array(blobs.dropFirst(BatchNormLayer.statisticCount))
      $0.scaleParam.biasTerm = true
      if batchNormParam.hasScaleFiller { $0.scaleParam.filler = batchNormParam.scaleFiller }
      if batchNormParam.hasBiasFiller { $0.scaleParam.biasFiller = batchNormParam.biasFiller }
    }
  }
}
