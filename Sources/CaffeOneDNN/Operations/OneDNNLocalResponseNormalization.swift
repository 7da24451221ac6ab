internal import COneDNN
internal import CaffeCore

/// Local response normalisation across channels, in the layout in which its source arrives.
final class OneDNNLocalResponseNormalization: LocalResponseNormalizationOperation, Explained {
  let description: LocalResponseNormalizationDescription
  var kernel: String? { last.forward.kernel }
  private let runtime: Runtime
  private let dimensions: [Int]
  /// For layouts that oneDNN has no kernel for.
  private let blocked: NormalizationPass
  private var passes = PerLayout<NormalizationPass>()
  /// The pass of the last `forward`, which left in its workspace what `backward` needs.
  private var last: NormalizationPass
  private let kept = Buffer()
  /// Whether the last `forward` left behind what `backward` needs.
  private var isPrepared = false
  private var inferences = PerLayout<Primitive>()

  init(_ description: LocalResponseNormalizationDescription, on runtime: Runtime) throws(OneDNNError) {
    guard description.shape.count > 0 else {
      throw OneDNNError(operation: "normalise nothing", status: dnnl_unimplemented)
    }
    self.description = description
    self.runtime = runtime
    dimensions = description.shape.dimensions
    blocked = try Self.fastPass(description, on: runtime)
    last = blocked
  }

  func forward(_ source: Buffer, into destination: Buffer) {
    let layout = source.currentLayoutOfAny(dimensions)
    last =
      layout.map { layout in
        passes.entry(for: layout) {
          runtime.unlessRefused { () throws(OneDNNError) in try Self.pass(description, layout, on: runtime) } ?? blocked
        }
      } ?? blocked
    isPrepared = description.isDifferentiated
    run(isPrepared ? last.forward : inference(in: last.forward.layout(.source)), source, into: destination)
  }

  private func run(_ forward: Primitive?, _ source: Buffer, into destination: Buffer) {
    guard let forward else { return }
    forward.read(.source, from: source)
    forward.write(.destination, to: destination)
    forward.execute()
  }

  /// A pass that keeps nothing.
  private func inference(in layout: Layout) -> Primitive? {
    inferences.entry(
      for: layout,
      orTry: {
        runtime.attempt { () throws(OneDNNError) in
          try Primitive(
            Self.forward(description, layout, isDifferentiated: false, on: runtime), [.source, .destination],
            on: runtime)
        }
      })
  }

  func backward(_ destinationDiff: Buffer, at source: Buffer, into sourceDiff: Buffer) {
    if !isPrepared {
      kept.resize(to: source.count)
      run(last.forward, source, into: kept)
      isPrepared = true
    }
    guard let backward = last.backward() else { return }
    backward.read(.source, from: source)
    // The gradient at a place needs that of its neighbours: it cannot be overwritten on the way.
    if destinationDiff === sourceDiff {
      kept.resize(to: destinationDiff.count)
      kept.copy(from: destinationDiff)
      backward.read(.destinationDiff, from: kept)
    } else {
      backward.read(.destinationDiff, from: destinationDiff)
    }
    backward.write(.sourceDiff, to: sourceDiff)
    backward.execute()
  }

  /// In row-major order if oneDNN has a kernel for that, else in blocks.
  private static func fastPass(
    _ description: LocalResponseNormalizationDescription, on runtime: Runtime
  ) throws(OneDNNError) -> NormalizationPass {
    let rowMajor = try Layout.rowMajor(description.shape.dimensions)
    if let pass = try? pass(description, rowMajor, on: runtime) { return pass }
    // Blocks that have to be filled up would cost more than they save.
    for block in [16, 8] where description.shape[1] % block == 0 {
      if let layout = try? Layout.blocked(description.shape.dimensions, of: block),
        let pass = try? pass(description, layout, on: runtime)
      {
        return pass
      }
    }
    throw OneDNNError(operation: "normalise faster than the reference", status: dnnl_unimplemented)
  }

  private static func pass(
    _ description: LocalResponseNormalizationDescription, _ layout: Layout, on runtime: Runtime
  ) throws(OneDNNError) -> NormalizationPass {
    let engine = Device.processor.handle
    let (size, alpha, beta, k) = (Int64(description.size), description.alpha, description.beta, description.k)
    let forward = try forward(description, layout, isDifferentiated: true, on: runtime)
    let backward = try PrimitiveDescriptor("the gradient of a local response normalisation", on: runtime) {
      caffe_lrn_backward(&$0, engine, layout.handle, size, alpha, beta, k, forward.handle)
    }
    return try NormalizationPass(
      forward, [.source, .destination], backward, [.source, .destinationDiff, .sourceDiff], on: runtime)
  }

  private static func forward(
    _ description: LocalResponseNormalizationDescription, _ layout: Layout, isDifferentiated: Bool,
    on runtime: Runtime
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a local response normalisation", on: runtime) {
      caffe_lrn_forward(
        &$0, Device.processor.handle, isDifferentiated, layout.handle, Int64(description.size), description.alpha,
        description.beta, description.k)
    }
  }
}
