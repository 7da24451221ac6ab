internal import COneDNN
internal import CaffeCore

/// Batch normalisation in the layout in which its source arrives.
final class OneDNNBatchNormalization: BatchNormalizationOperation {
  let description: BatchNormalizationDescription
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
    let forward = pass(for: source.currentLayout(of: dimensions)).forward
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
    let backward = pass(for: layout).backward
    backward.read(.source, from: source)
    backward.read(.mean, from: mean)
    backward.read(.variance, from: variance)
    backward.read(.destinationDiff, from: destinationDiff)
    backward.write(.sourceDiff, to: sourceDiff)
    backward.execute()
  }

  private func pass(for layout: Layout?) -> NormalizationPass {
    guard let layout else { return rowMajor }
    return passes.entry(for: layout) { (try? Self.pass(description, layout, on: runtime)) ?? rowMajor }
  }

  private static func pass(
    _ description: BatchNormalizationDescription, _ layout: Layout, on runtime: Runtime
  ) throws(OneDNNError) -> NormalizationPass {
    let engine = Device.processor.handle
    let (given, epsilon) = (description.usesGivenStatistics, description.epsilon)
    let forward = try PrimitiveDescriptor("a batch normalisation") {
      caffe_batch_normalization_forward(&$0, engine, given, epsilon, layout.handle)
    }
    let backward = try PrimitiveDescriptor("the gradient of a batch normalisation") {
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
  private let workspace: Memory?
  private let backwardDescriptor: PrimitiveDescriptor
  private let backwardArguments: [Argument]
  private let runtime: Runtime
  private(set) lazy var backward = demand { () throws(OneDNNError) in
    let backward = try Primitive(backwardDescriptor, backwardArguments + [.workspace], on: runtime)
    if let workspace { backward.bind(.workspace, workspace) }
    return backward
  }

  /// - Throws: also when oneDNN would compute by plain loops, which are no faster than ours.
  init(
    _ forward: PrimitiveDescriptor, _ forwardArguments: [Argument], _ backward: PrimitiveDescriptor,
    _ backwardArguments: [Argument], on runtime: Runtime
  ) throws(OneDNNError) {
    if forward.isPlainLoop || backward.isPlainLoop {
      throw OneDNNError(operation: "normalise faster than the reference", status: dnnl_unimplemented)
    }
    self.forward = try Primitive(forward, forwardArguments + [.workspace], on: runtime)
    workspace = try forward.layout(.workspace).map(Memory.init(owned:))
    if let workspace { self.forward.bind(.workspace, workspace) }
    backwardDescriptor = backward
    self.backwardArguments = backwardArguments
    self.runtime = runtime
  }
}
