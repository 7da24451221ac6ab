internal import COneDNN
internal import CaffeCore

/// Batch normalisation in the layout in which its source arrives.
///
/// In blocks of channels, statistics are those of the source, and result and gradient are formulas, into which the layers around
/// it enter.
final class OneDNNBatchNormalization: BatchNormalizationOperation, Explained {
  let description: BatchNormalizationDescription
  private(set) var kernel: String?
  private let runtime: Runtime
  private let dimensions: [Int]
  private let rowMajor: NormalizationPass
  private var passes = PerLayout<NormalizationPass>()

  init(_ description: BatchNormalizationDescription, on runtime: Runtime) throws(OneDNNError) {
    guard description.shape.count > 0, 2...5 ~= description.shape.rank else {
      throw OneDNNError(operation: "normalise such a tensor", status: dnnl_unimplemented)
    }
    self.description = description
    self.runtime = runtime
    dimensions = description.shape.dimensions
    rowMajor = try Self.pass(description, .rowMajor(dimensions), on: runtime)
  }

  func forward(_ source: Buffer, mean: Buffer, variance: Buffer, into destination: Buffer) {
    let layout = source.currentLayout(of: dimensions)
    if !description.usesGivenStatistics, let layout, let blocks = Blocks(layout) {
      kernel = "channel statistics"
      return normalize(source, mean, variance, into: destination, layout, blocks)
    }
    let forward = pass(for: layout).forward
    kernel = forward.kernel
    forward.read(.source, from: source)
    if description.usesGivenStatistics {
      forward.read(.mean, from: mean)
      forward.read(.variance, from: variance)
    } else {
      forward.write(.mean, to: mean)
      forward.write(.variance, to: variance)
    }
    forward.write(.destination, to: destination)
    forward.execute()
  }

  func backward(_ destinationDiff: Buffer, at source: Buffer, mean: Buffer, variance: Buffer, into sourceDiff: Buffer) {
    let layout = destinationDiff.currentLayout(of: dimensions) ?? source.currentLayout(of: dimensions)
    if !description.usesGivenStatistics, let layout, let blocks = Blocks(layout) {
      return differentiate(destinationDiff, source, mean, variance, into: sourceDiff, layout, blocks)
    }
    if !description.usesGivenStatistics, layout == nil {
      return differentiateRows(destinationDiff, source, mean, variance, into: sourceDiff)
    }
    guard let backward = pass(for: layout).backward() else { return }
    backward.read(.source, from: source)
    backward.read(.mean, from: mean)
    backward.read(.variance, from: variance)
    backward.read(.destinationDiff, from: destinationDiff)
    backward.write(.sourceDiff, to: sourceDiff)
    backward.execute()
  }

  /// y = r · x − r · μ, where r = 1 / √(σ² + ε)
  private func normalize(
    _ source: Buffer, _ mean: Buffer, _ variance: Buffer, into destination: Buffer, _ layout: Layout, _ blocks: Blocks
  ) {
    let x = source.currentMemory(in: layout, on: runtime)
    let statistics = ChannelStatistics(of: x, blocks, on: runtime)
    statistics.mean.write(to: mean, count: description.channels)
    statistics.variance.write(to: variance, count: description.channels)
    let r = inverseDeviation(variance, blocks)
    let offset = ChannelValues(blocks, channels: description.channels) { -r[$0] * statistics.mean[$0] }
    let formula = Deferred.Formula(terms: [.init(source: x, scale: r)], offset: offset)
    destination.define(by: Deferred(formula, layout, blocks), on: runtime)
  }

  /// With m values in a channel: dx = r · (dy − Σ dy / m − r² · (x − μ) · Σ dy · (x − μ) / m)
  private func differentiate(
    _ destinationDiff: Buffer, _ source: Buffer, _ mean: Buffer, _ variance: Buffer, into sourceDiff: Buffer,
    _ layout: Layout, _ blocks: Blocks
  ) {
    let x = source.currentMemory(in: layout, on: runtime)
    let dy = destinationDiff.deferred(in: layout, blocks, on: runtime)
    let means = ChannelValues(blocks, mean.values.baseAddress!, count: description.channels)
    let sums = dy.sums(with: x, shift: means, on: runtime)
    let r = inverseDeviation(variance, blocks)
    let m = Float(description.valuesPerChannel)
    let channels = description.channels
    let slope = ChannelValues(blocks, channels: channels) { c in
      let product = sums.product[c] + (sums.shift[c] - means[c]) * sums.total[c]
      return -r[c] * r[c] * r[c] * product / m
    }
    let offset = ChannelValues(blocks, channels: channels) { c in
      -r[c] * sums.total[c] / m - slope[c] * means[c]
    }
    var formula = dy.formulaOrValues.scaled(by: r, plus: offset)
    formula.terms.append(.init(source: x, scale: slope))
    sourceDiff.define(by: Deferred(formula, layout, blocks), on: runtime)
  }

  /// Over row-major values. oneDNN adds up a whole channel in single precision, and what should cancel out in the gradients below, such
  /// as that of a bias, does not.
  private func differentiateRows(
    _ destinationDiff: Buffer, _ source: Buffer, _ mean: Buffer, _ variance: Buffer, into sourceDiff: Buffer
  ) {
    let (dy, x) = (destinationDiff.values.baseAddress!, source.values.baseAddress!)
    let (means, variances) = (mean.values, variance.values)
    let dx = sourceDiff.uninitializedValues.baseAddress!
    let loops = ReferenceBatchNormalization(description)
    runtime.parallelFor(description.channels, grain: max(1, parallelForGrain / description.valuesPerChannel)) {
      loops.differentiate(dy, x, means, variances, into: dx, channels: $0)
    }
  }

  private func inverseDeviation(_ variance: Buffer, _ blocks: Blocks) -> ChannelValues {
    let variance = variance.values
    return ChannelValues(blocks, channels: description.channels) {
      1 / (variance[$0] + description.epsilon).squareRoot()
    }
  }

  private func pass(for layout: Layout?) -> NormalizationPass {
    guard let layout else { return rowMajor }
    return passes.entry(for: layout) {
      runtime.unlessRefused { () throws(OneDNNError) in try Self.pass(description, layout, on: runtime) } ?? rowMajor
    }
  }

  private static func pass(
    _ description: BatchNormalizationDescription, _ layout: Layout, on runtime: Runtime
  ) throws(OneDNNError) -> NormalizationPass {
    let engine = Device.processor.handle
    let (given, epsilon) = (description.usesGivenStatistics, description.epsilon)
    let forward = try PrimitiveDescriptor("a batch normalisation", on: runtime) {
      caffe_batch_normalization_forward(&$0, engine, given, epsilon, layout.handle)
    }
    let backward = try PrimitiveDescriptor("the gradient of a batch normalisation", on: runtime) {
      caffe_batch_normalization_backward(&$0, engine, given, epsilon, layout.handle, forward.handle)
    }
    return try NormalizationPass(
      forward, [.source, .mean, .variance, .destination], backward,
      [.source, .mean, .variance, .destinationDiff, .sourceDiff], on: runtime)
  }
}

/// What a normalisation needs for one layout.
final class NormalizationPass {
  let forward: Primitive
  let backward: OnDemand<Primitive>

  /// - Throws: also when oneDNN would compute by plain loops, which are no faster than ours.
  init(
    _ forward: PrimitiveDescriptor, _ forwardArguments: [Argument], _ backward: PrimitiveDescriptor,
    _ backwardArguments: [Argument], on runtime: Runtime
  ) throws(OneDNNError) {
    if forward.isPlainLoop || backward.isPlainLoop {
      throw OneDNNError(operation: "normalise faster than the reference", status: dnnl_unimplemented)
    }
    self.forward = try Primitive(forward, forwardArguments + [.workspace], on: runtime)
    let workspace = try forward.layout(.workspace).map(Memory.init(owned:))
    if let workspace { self.forward.bind(.workspace, workspace) }
    self.backward = OnDemand(on: runtime) { () throws(OneDNNError) in
      let primitive = try Primitive(backward, backwardArguments + [.workspace], on: runtime)
      if let workspace { primitive.bind(.workspace, workspace) }
      return primitive
    }
  }
}
