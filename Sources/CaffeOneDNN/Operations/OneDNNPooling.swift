internal import COneDNN
internal import CaffeCore

/// Pooling in the layout in which its source arrives.
///
/// Refused, because oneDNN's answer would differ from Caffe's: masks, windows that may cover no pixel, and averages whose
/// windows reach beyond both image and padding.
///
/// - Note: a window without any value above −FLT_MAX (all NaN or −∞) passes its gradient to its first pixel, in Caffe to none.
final class OneDNNPooling: PoolingOperation, Explained {
  let description: PoolingDescription
  var kernel: String? { last.forward.kernel }
  private let runtime: Runtime
  private let dimensions: [Int]
  private let geometry: Geometry
  private let rowMajor: Pass
  private var passes = PerLayout<Pass>()
  /// The pass of the last `forward`, whose maxima `backward` goes by.
  private var last: Pass

  init(_ description: PoolingDescription, on runtime: Runtime) throws(OneDNNError) {
    self.description = description
    self.runtime = runtime
    geometry = try Geometry(description)
    dimensions = description.source.dimensions
    rowMajor = try Pass(geometry, source: .rowMajor(dimensions), on: runtime)
    last = rowMajor
  }

  func forward(_ source: Buffer, into destination: Buffer, mask: Buffer?) {
    last = pass(for: source.currentLayoutOfAny(dimensions))
    last.forward.read(.source, from: source)
    last.forward.write(.destination, to: destination)
    last.forward.execute()
  }

  func backward(_ destinationDiff: Buffer, into sourceDiff: Buffer) {
    guard let backward = last.backward() else { return }
    backward.read(.destinationDiff, from: destinationDiff)
    backward.write(.sourceDiff, to: sourceDiff)
    backward.execute()
  }

  /// A layout that oneDNN cannot pool is left for row-major order.
  private func pass(for layout: Layout?) -> Pass {
    guard let layout else { return rowMajor }
    return passes.entry(for: layout) {
      runtime.unlessRefused { () throws(OneDNNError) in try Pass(geometry, source: layout, on: runtime) } ?? rowMajor
    }
  }
}

/// What pooling needs for one layout.
private final class Pass {
  let forward: Primitive
  let backward: OnDemand<Primitive>

  init(_ geometry: Geometry, source: Layout, on runtime: Runtime) throws(OneDNNError) {
    let descriptor = try geometry.forward(source, on: runtime)
    // A pooling that only infers has none, as a maximum has no gradient without a workspace.
    let gradient = geometry.isDifferentiated ? try geometry.backward(source, after: descriptor, on: runtime) : nil
    if descriptor.isPlainLoop || gradient?.isPlainLoop == true {
      throw OneDNNError(operation: "pool faster than the reference", status: dnnl_unimplemented)
    }
    forward = try Primitive(descriptor, [.source, .destination, .workspace], on: runtime)
    let workspace = try descriptor.layout(.workspace).map(Memory.init(owned:))
    if let workspace { forward.bind(.workspace, workspace) }
    backward = OnDemand(on: runtime) { () throws(OneDNNError) in
      guard let gradient else { preconditionFailure("the gradient of a pooling that only infers") }
      let backward = try Primitive(gradient, [.destinationDiff, .sourceDiff, .workspace], on: runtime)
      if let workspace { backward.bind(.workspace, workspace) }
      return backward
    }
  }
}

/// The numbers of a pooling in oneDNN's terms.
private struct Geometry {
  let algorithm: dnnl_alg_kind_t
  let isDifferentiated: Bool
  private let destination: [Int]
  let stride: [Int64]
  let kernel: [Int64]
  let padBefore: [Int64]
  let padAfter: [Int64]

  init(_ description: PoolingDescription) throws(OneDNNError) {
    let (input, output) = (description.input, description.output)
    let (kernel, stride, pad) = (description.kernel, description.stride, description.pad)
    let lastStarts = input.indices.map { (output[$0] - 1) * stride[$0] - pad[$0] }
    let coversPixels = input.indices.allSatisfy { pad[$0] < kernel[$0] && lastStarts[$0] < input[$0] }
    let staysInPadding = input.indices.allSatisfy { lastStarts[$0] + kernel[$0] <= input[$0] + pad[$0] }
    let isPadded = pad.contains { $0 > 0 }
    guard description.source.count > 0, description.destination.count > 0, !description.hasMask, coversPixels,
      description.method == .maximum || !isPadded || staysInPadding
    else { throw OneDNNError(operation: "pool as Caffe does", status: dnnl_unimplemented) }
    algorithm =
      switch description.method {
      case .maximum: dnnl_pooling_max
      // Caffe's divisor counts padding but no overhang: without padding, the pixels of the image alone.
      case .average: isPadded ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding
      }
    isDifferentiated = description.isDifferentiated
    destination = description.destination.dimensions
    self.stride = stride.map(Int64.init)
    self.kernel = kernel.map(Int64.init)
    padBefore = pad.map(Int64.init)
    padAfter = input.indices.map { Int64(max(0, lastStarts[$0] + kernel[$0] - input[$0])) }
  }

  func forward(_ source: Layout, on runtime: Runtime) throws(OneDNNError) -> PrimitiveDescriptor {
    let destination = try Layout.any(destination, of: source.precision)
    return try PrimitiveDescriptor("a pooling", on: runtime) {
      caffe_pooling_forward(
        &$0, Device.processor.handle, isDifferentiated, algorithm, source.handle, destination.handle, stride, kernel,
        padBefore, padAfter)
    }
  }

  func backward(
    _ source: Layout, after forward: PrimitiveDescriptor, on runtime: Runtime
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    let found = try forward.layout(.destination)
    let destination = if let found { found } else { try Layout.any(destination) }
    return try PrimitiveDescriptor("a pooling's gradient", on: runtime) {
      caffe_pooling_backward(
        &$0, Device.processor.handle, algorithm, source.handle, destination.handle, stride, kernel, padBefore, padAfter,
        forward.handle)
    }
  }
}
