internal import COneDNN
internal import CaffeCore

/// Convolution in whatever layouts oneDNN finds fastest.
///
/// One to three spatial axes, groups and dilation; anything else is refused. Packed weights stay with the weights' buffer and
/// are packed again only when somebody has written the weights.
final class OneDNNConvolution: ConvolutionOperation {
  let description: ConvolutionDescription
  private let runtime: Runtime
  private let forwardPass: Primitive
  private let backwardDataDescriptor: PrimitiveDescriptor
  private let backwardParametersDescriptor: PrimitiveDescriptor
  // Compiled when first needed: a net that only infers never pays for them.
  private lazy var backwardDataPass = demand { () throws(OneDNNError) in
    try Primitive(backwardDataDescriptor, [.destinationDiff, .weights, .sourceDiff], on: runtime)
  }
  private lazy var backwardParametersPass = demand { () throws(OneDNNError) in
    try Primitive(backwardParametersDescriptor, [.source, .destinationDiff, .weightsDiff, .biasDiff], on: runtime)
  }
  private lazy var weightsDiff = AddingOutput(.weightsDiff, of: backwardParametersPass, on: runtime)
  private lazy var biasDiff = AddingOutput(.biasDiff, of: backwardParametersPass, on: runtime)

  init(_ description: ConvolutionDescription, on runtime: Runtime) throws(OneDNNError) {
    self.description = description
    self.runtime = runtime
    guard (1...3).contains(description.input.count), description.source.count > 0, description.destination.count > 0,
      !Self.isMiscomputed(description)
    else { throw OneDNNError(operation: "describe a convolution", status: dnnl_unimplemented) }
    runtime.useThreads()
    let geometry = try Geometry(description)
    var source = try Layout.any(description.source.dimensions)
    var destination = try Layout.any(description.destination.dimensions)
    var forward = try geometry.forward(source, destination)
    if try Self.wastesBlocks(forward) {
      let sourceLast = try Layout.channelsLast(description.source.dimensions)
      let destinationLast = try Layout.channelsLast(description.destination.dimensions)
      if let channelsLast = try? geometry.forward(sourceLast, destinationLast), channelsLast.hasOwnKernel {
        (forward, source, destination) = (channelsLast, sourceLast, destinationLast)
      }
    }
    backwardDataDescriptor = try geometry.backwardData(source, destination, after: forward)
    backwardParametersDescriptor = try geometry.backwardParameters(source, destination, after: forward)
    if forward.isPlainLoop || backwardDataDescriptor.isPlainLoop || backwardParametersDescriptor.isPlainLoop {
      throw OneDNNError(operation: "convolve faster than the reference", status: dnnl_unimplemented)
    }
    forwardPass = try Primitive(forward, [.source, .weights, .bias, .destination], on: runtime)
  }

  /// Whether layouts in blocks of channels pad both sides so much that putting channels last is faster, though its kernels
  /// are slower: 20 channels fill blocks of 16 as badly as they can.
  private static func wastesBlocks(_ forward: PrimitiveDescriptor) throws(OneDNNError) -> Bool {
    guard let source = try forward.layout(.source), let destination = try forward.layout(.destination) else {
      return false
    }
    return min(source.growth, destination.growth) > 1.2
  }

  /// oneDNN (up to 3.2 at least) gets the gradient by the weights wrong where, along the depth, more windows than the first
  /// begin in the padding and windows lie more than a pixel apart.
  private static func isMiscomputed(_ description: ConvolutionDescription) -> Bool {
    description.input.count == 3 && description.stride[0] > 1 && description.pad[0] > description.stride[0]
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let pass = forwardPass
    pass.read(.source, from: source)
    pass.read(.weights, from: weights)
    if let bias { pass.read(.bias, from: bias) }
    pass.write(.destination, to: destination)
    pass.execute()
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {
    let pass = backwardDataPass
    pass.read(.destinationDiff, from: destinationDiff)
    pass.read(.weights, from: weights)
    pass.write(.sourceDiff, to: sourceDiff)
    pass.execute()
  }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) {
    let pass = backwardParametersPass
    pass.read(.source, from: source)
    pass.read(.destinationDiff, from: destinationDiff)
    self.weightsDiff.prepare(weightsDiff)
    if let biasDiff { self.biasDiff.prepare(biasDiff) }
    pass.execute()
    self.weightsDiff.finish(weightsDiff)
    if let biasDiff { self.biasDiff.finish(biasDiff) }
  }
}

/// The numbers of a convolution in oneDNN's terms, and the layouts that do not depend on the choice of a kernel.
private struct Geometry {
  let weights: Layout
  let bias: Layout?
  let stride: [Int64]
  /// Pixels between two taps of the kernel.
  let dilation: [Int64]
  let padBefore: [Int64]
  let padAfter: [Int64]

  init(_ description: ConvolutionDescription) throws(OneDNNError) {
    let group = description.group
    var dimensions = description.weights.dimensions
    if group > 1 { dimensions = [group, description.outputs / group] + dimensions[1...] }
    weights = try .any(dimensions)
    bias = description.hasBias ? try .rowMajor([description.outputs]) : nil
    stride = description.stride.map(Int64.init)
    dilation = description.dilation.map { Int64($0 - 1) }
    padBefore = description.pad.map(Int64.init)
    padAfter = description.input.indices.map { axis in
      let kernel = (description.kernel[axis] - 1) * description.dilation[axis] + 1
      let reach = (description.output[axis] - 1) * description.stride[axis] + kernel
      return Int64(max(0, reach - description.input[axis] - description.pad[axis]))
    }
  }

  func forward(_ source: Layout, _ destination: Layout) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution") {
      caffe_convolution_forward(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle, stride, dilation,
        padBefore, padAfter)
    }
  }

  func backwardData(
    _ source: Layout, _ destination: Layout, after forward: PrimitiveDescriptor
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution's gradient by its source") {
      caffe_convolution_backward_data(
        &$0, Device.processor.handle, source.handle, weights.handle, destination.handle, stride, dilation, padBefore,
        padAfter, forward.handle)
    }
  }

  func backwardParameters(
    _ source: Layout, _ destination: Layout, after forward: PrimitiveDescriptor
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution's gradient by its parameters") {
      caffe_convolution_backward_weights(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle, stride, dilation,
        padBefore, padAfter, forward.handle)
    }
  }
}
