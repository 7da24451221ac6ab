internal import COneDNN
internal import CaffeCore

/// The numbers of a convolution in oneDNN's terms, and the layouts that do not depend on the choice of a kernel.
struct DNNConvolutionGeometry {
  private let description: ConvolutionDescription
  /// Of activations and weights; the bias is float32.
  private let precision: Precision
  let weights: Layout
  let bias: Layout?
  let stride: [Int64]
  /// Pixels between two taps of the kernel.
  let dilation: [Int64]
  let padBefore: [Int64]
  let padAfter: [Int64]
  private let runtime: Runtime

  init(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, on runtime: Runtime
  ) throws(OneDNNError) {
    self.description = description
    self.runtime = runtime
    self.precision = precision
    let group = description.group
    var dimensions = description.weights.dimensions
    if group > 1 { dimensions = [group, description.outputs / group] + dimensions[1...] }
    weights = try .any(dimensions, of: precision)
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

  /// The fastest way forward, and the layouts to describe its gradients by.
  ///
  /// - Parameters:
  ///   - adds: whether the result is added to what the destination holds, before the rectifier.
  ///   - slope: that of a rectifier that follows, if one does.
  ///   - learns: whether gradients are computed in the same layouts.
  func bestForward(
    adds: Bool = false, slope: Float? = nil, learns: Bool = false
  ) throws(OneDNNError) -> (source: Layout, destination: Layout, descriptor: PrimitiveDescriptor) {
    let epilogue = caffe_epilogue_t(adds: adds, rectifies: slope != nil, slope: slope ?? 0)
    let source = try Layout.any(description.source.dimensions, of: precision)
    let destination = try Layout.any(description.destination.dimensions, of: precision)
    let forward = try forward(source, destination, epilogue)
    if !(learns && needsBlocksToLearn), try Self.wastesBlocks(forward) {
      let sourceLast = try Layout.channelsLast(description.source.dimensions, of: precision)
      let destinationLast = try Layout.channelsLast(description.destination.dimensions, of: precision)
      if let channelsLast = try? self.forward(sourceLast, destinationLast, epilogue), channelsLast.hasOwnKernel {
        return (sourceLast, destinationLast, channelsLast)
      }
    }
    return (source, destination, forward)
  }

  /// oneDNN's gradient by the weights of single pixels that lie apart (2.6, AVX2) is wrong, and writes beyond its memory, where
  /// channels are last and fill no block.
  private var needsBlocksToLearn: Bool {
    description.kernel.allSatisfy { $0 == 1 } && description.stride.contains { $0 > 1 }
  }

  private func forward(
    _ source: Layout, _ destination: Layout, _ epilogue: caffe_epilogue_t
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution", on: runtime) {
      caffe_convolution_forward(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle, stride, dilation,
        padBefore, padAfter, epilogue)
    }
  }

  /// Whether layouts in blocks of channels pad both sides so much that putting channels last is faster, though its kernels
  /// are slower: 20 channels fill blocks of 16 as badly as they can.
  private static func wastesBlocks(_ forward: PrimitiveDescriptor) throws(OneDNNError) -> Bool {
    guard let source = try forward.layout(.source), let destination = try forward.layout(.destination) else {
      return false
    }
    return min(source.growth, destination.growth) > 1.2
  }

  func backwardData(
    _ source: Layout, _ destination: Layout, after forward: PrimitiveDescriptor
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution's gradient by its source", on: runtime) {
      caffe_convolution_backward_data(
        &$0, Device.processor.handle, source.handle, weights.handle, destination.handle, stride, dilation, padBefore,
        padAfter, forward.handle)
    }
  }

  func backwardParameters(
    _ source: Layout, _ destination: Layout, after forward: PrimitiveDescriptor
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try PrimitiveDescriptor("a convolution's gradient by its parameters", on: runtime) {
      caffe_convolution_backward_weights(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle, stride, dilation,
        padBefore, padAfter, forward.handle)
    }
  }
}
