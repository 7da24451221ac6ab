public import CaffeCore
public import CaffeProto

/// Batch normalisation (Ioffe and Szegedy, 2015), without the learned scale and shift: a Scale layer follows for these.
///
///     y = (x − μ) / √(σ² + ε)
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
/// | `parameters`          | mean: C, variance: C, factor: 1; all 0   |
///
/// | parameter                 | default                       |
/// |---------------------------|-------------------------------|
/// | `use_global_stats`        | true in TEST, false in TRAIN  |
/// | `moving_average_fraction` | 0.999                         |
/// | `eps`                     | 1e−5                          |
public final class BatchNormLayer: Layer {
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
  /// For each channel μ and 1 / √(σ² + ε) of the last forward pass.
  private var means: [Float] = []
  private var scales: [Float] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    self.definition = definition
    self.context = context
    let parameter = definition.batchNormParam
    usesStoredStatistics = parameter.hasUseGlobalStats ? parameter.useGlobalStats : context.phase == .test
    fraction = parameter.movingAverageFraction
    epsilon = parameter.eps
    if definition.param.contains(where: { $0.lrMult != 0 }) {
      throw NetError(
        "Cannot configure batch normalization statistics as layer parameters.",
        remedy: "remove the layer's param { }, or give each of the three lr_mult: 0")
    }
  }

  /// The statistics are no weights: the solver must leave them alone.
  public static func complete(_ definition: inout LayerDefinition) {
    while definition.param.count < 3 { definition.param.append(.with { $0.lrMult = 0 }) }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    channels = bottom[0].shape[try bottom[0].shape.axis(1)]
    for (index, shape) in ([[channels], [channels], [1]] as [Shape]).enumerated() {
      parameters.append(try definition.makeParameter(index, shape, filler: FillerParameter(), in: context))
    }
    means = Array(repeating: 0, count: channels)
    scales = means
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape[try shape.axis(1)] == channels else {
      throw NetError("the input has \(shape[1]) channels, but the layer was set up for \(channels)")
    }
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let layout = Layout(bottom[0].shape)
    if usesStoredStatistics {
      takeStoredStatistics()
    } else {
      input.keep(bottom[0], before: top[0])
      computeStatistics(of: bottom[0].data.values, layout)
    }
    let x = bottom[0].data.values
    let y = top[0].data.uninitializedValues
    layout.forEachRun { run, channel in
      let mean = means[channel]
      let scale = scales[channel]
      for i in run { y[i] = (x[i] - mean) * scale }
    }
  }

  /// With statistics of the batch, dx = (dy − mean(dy) − y · mean(dy · y)) / √(σ² + ε); else dx = dy / √(σ² + ε).
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let layout = Layout(bottom[0].shape)
    let dy = top[0].diff.values
    if usesStoredStatistics {
      let dx = bottom[0].diff.uninitializedValues
      layout.forEachRun { run, channel in
        let scale = scales[channel]
        for i in run { dx[i] = dy[i] * scale }
      }
      return
    }
    let x = input.values(of: bottom[0])
    let dx = bottom[0].diff.uninitializedValues
    for channel in 0..<channels {
      let mean = means[channel]
      let scale = scales[channel]
      var total: Double = 0
      var totalTimesX: Double = 0
      layout.forEachRun(of: channel) { run in
        total += Double(sum(dy.baseAddress! + run.lowerBound, count: run.count))
        totalTimesX += Double(dot(dy.baseAddress! + run.lowerBound, x.baseAddress! + run.lowerBound, count: run.count))
      }
      let meanOfGradient = Float(total) / Float(layout.valuesPerChannel)
      let meanOfProduct = Float(totalTimesX - Double(mean) * total) * scale / Float(layout.valuesPerChannel)
      layout.forEachRun(of: channel) { run in
        for i in run { dx[i] = (dy[i] - meanOfGradient - (x[i] - mean) * scale * meanOfProduct) * scale }
      }
    }
  }

  private func takeStoredStatistics() {
    let factor = parameters[2].data.values[0]
    let inverse = factor == 0 ? 0 : 1 / factor
    let mean = parameters[0].data.values
    let variance = parameters[1].data.values
    for c in 0..<channels {
      means[c] = mean[c] * inverse
      scales[c] = 1 / (variance[c] * inverse + epsilon).squareRoot()
    }
  }

  private func computeStatistics(of x: UnsafeBufferPointer<Float>, _ layout: Layout) {
    let storedMean = parameters[0].data.mutableValues
    let storedVariance = parameters[1].data.mutableValues
    let factor = parameters[2].data.mutableValues
    let m = Float(layout.valuesPerChannel)
    factor[0] = fraction * factor[0] + 1
    for c in 0..<channels {
      var total: Double = 0
      layout.forEachRun(of: c) { run in total += Double(sum(x.baseAddress! + run.lowerBound, count: run.count)) }
      let mean = Float(total / Double(m))
      var squares: Double = 0
      layout.forEachRun(of: c) { run in
        squares += Double(sumOfSquaredDifferences(x.baseAddress! + run.lowerBound, mean, count: run.count))
      }
      let variance = Float(squares / Double(m))
      means[c] = mean
      scales[c] = 1 / (variance + epsilon).squareRoot()
      storedMean[c] = fraction * storedMean[c] + mean
      storedVariance[c] = fraction * storedVariance[c] + variance * (m > 1 ? m / (m - 1) : 1)
    }
  }
}

/// Batch × channels × the rest.
private struct Layout {
  let batch: Int
  let channels: Int
  let inner: Int

  init(_ shape: Shape) {
    batch = shape[0]
    channels = shape[1]
    inner = shape.count(2...)
  }

  var valuesPerChannel: Int { batch * inner }

  @inline(__always)
  func forEachRun(_ body: (_ run: Range<Int>, _ channel: Int) -> Void) {
    for run in 0..<batch * channels { body(run * inner..<(run + 1) * inner, run % channels) }
  }

  @inline(__always)
  func forEachRun(of channel: Int, _ body: (_ run: Range<Int>) -> Void) {
    for item in 0..<batch {
      let start = (item * channels + channel) * inner
      body(start..<start + inner)
    }
  }
}
