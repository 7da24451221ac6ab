internal import COneDNN
internal import CaffeCore

/// A convolution with what follows it as one oneDNN primitive.
///
/// The factor of each channel goes into the packed weights, the summand takes the place of the bias, a residual is added to
/// in place, the rectifier is a post-operation.
///
/// - Note: oneDNN's rectifier turns a NaN into 0.
final class OneDNNFusedConvolution: FusedConvolutionOperation {
  let description: FusedConvolutionDescription
  private let runtime: Runtime
  private let pass: Primitive
  private let weights: PackedWeights
  /// The same convolution of one item, for results that are slices of larger tensors.
  private lazy var itemPass: Primitive? =
    description.convolution.batch == 1 ? pass : try? Self.itemPass(description, on: runtime)

  init(_ description: FusedConvolutionDescription, on runtime: Runtime) throws(OneDNNError) {
    let convolution = description.convolution
    guard (1...3).contains(convolution.input.count), convolution.source.count > 0, convolution.destination.count > 0
    else { throw OneDNNError(operation: "describe a convolution", status: dnnl_unimplemented) }
    self.description = description
    self.runtime = runtime
    runtime.useThreads()
    pass = try Self.pass(description, on: runtime)
    weights = PackedWeights(convolution, layout: pass.layout(.weights), isScaled: description.hasScale, on: runtime)
  }

  private static func pass(
    _ description: FusedConvolutionDescription, on runtime: Runtime
  ) throws(OneDNNError) -> Primitive {
    var convolution = description.convolution
    convolution.hasBias = description.hasShift
    let forward = try DNNConvolutionGeometry(convolution).bestForward(
      adds: description.hasAddend, slope: description.slope
    ).descriptor
    if forward.isPlainLoop {
      throw OneDNNError(operation: "convolve faster than the reference", status: dnnl_unimplemented)
    }
    return try Primitive(forward, [.source, .weights, .bias, .destination], on: runtime)
  }

  private static func itemPass(
    _ description: FusedConvolutionDescription, on runtime: Runtime
  ) throws(OneDNNError) -> Primitive? {
    var item = description
    item.convolution.batch = 1
    let pass = try pass(item, on: runtime)
    return pass
  }

  func canWrite(_ slice: ChannelSlice) -> Bool {
    guard !description.hasAddend, let itemPass, let block = itemPass.layout(.destination).channelBlock,
      itemPass.layout(.weights) == pass.layout(.weights),
      pass.layout(.source).channelBlock == itemPass.layout(.source).channelBlock,
      block == pass.layout(.destination).channelBlock, block == 8 || block == 16
    else { return false }
    return slice.firstChannel % block == 0 && description.convolution.outputs % block == 0
      && slice.whole[1] % block == 0
  }

  func forward(_ operands: FusedConvolutionOperands) {
    let packed = weights.pack(operands.weights, scale: operands.scale)
    let passes = operands.slice == nil ? [pass] : [itemPass!]
    for pass in passes {
      if let packed { pass.bind(.weights, packed) } else { pass.read(.weights, from: operands.weights) }
      if let shift = operands.shift { pass.read(.bias, from: shift) }
    }
    if let slice = operands.slice { return forward(operands, slice) }
    pass.read(.source, from: operands.source)
    if let addend = operands.addend {
      let layout = pass.layout(.destination)
      operands.destination.takeValues(
        of: addend, in: layout, consuming: operands.mayConsumeAddend && addend !== operands.source,
        on: runtime)
      pass.bind(.destination, host: operands.destination.pointer(updating: layout, on: runtime))
    } else {
      pass.write(.destination, to: operands.destination)
    }
    pass.execute()
  }

  /// Item by item, each to its place in the larger tensor.
  private func forward(_ operands: FusedConvolutionOperands, _ slice: ChannelSlice) {
    let pass = itemPass!
    let whole = pass.layout(.destination).relative(slice.whole.dimensions)!
    let source = operands.source.pointer(reading: self.pass.layout(.source), on: runtime)
    let destination = operands.destination.pointer(completing: whole, on: runtime)
    let places = slice.whole.count(2...)
    let sourceStride = pass.layout(.source).storedCount
    for item in 0..<description.convolution.batch {
      pass.bind(.source, host: source + item * sourceStride)
      pass.bind(.destination, host: destination + (item * slice.whole[1] + slice.firstChannel) * places)
      pass.execute()
    }
  }
}

/// Weights in the layout of a kernel, multiplied by a factor for each output, made anew when either has changed.
private final class PackedWeights {
  private let layout: Layout
  private let description: ConvolutionDescription
  private let isScaled: Bool
  private let runtime: Runtime
  private let scaled = Buffer()
  private var scale: [Float] = []
  private var weights: ObjectIdentifier?
  private var version = -1

  init(_ description: ConvolutionDescription, layout: Layout, isScaled: Bool, on runtime: Runtime) {
    self.layout = layout
    self.description = description
    self.isScaled = isScaled
    self.runtime = runtime
  }

  /// The packed weights; nil where the weights' own buffer can keep them, as nothing is to be multiplied.
  func pack(_ weights: Buffer, scale: Buffer?) -> Memory? {
    guard isScaled, let scale else { return nil }
    let factors = scale.values
    if self.weights == ObjectIdentifier(weights), version == weights.version, self.scale.elementsEqual(factors) {
      return scaled.currentMemory(in: layout, on: runtime)
    }
    self.scale = Array(factors)
    self.weights = ObjectIdentifier(weights)
    scaled.resize(to: weights.count)
    let w = weights.values.baseAddress!
    // Reading may have brought the host form up to date, which is no change.
    version = weights.version
    let result = scaled.uninitializedValues.baseAddress!
    let count = weights.count / description.outputs
    for (output, factor) in self.scale.enumerated() {
      transform(output * count..<(output + 1) * count, w, into: result) { factor * $0 }
    }
    let memory = scaled.currentMemory(in: layout, on: runtime)
    scaled.dropHostForm()
    return memory
  }
}
