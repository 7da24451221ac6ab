internal import COneDNN
internal import CaffeCore

/// A convolution and what follows it as one oneDNN primitive.
///
/// The factor of each channel goes into the packed weights, the summand takes the place of the bias, a residual is added to
/// in place, the rectifier is a post-operation.
final class FusedDirectConvolution: FusedConvolutionMethod {
  var kernel: String { pass.kernel }
  private let description: FusedConvolutionDescription
  private let precision: Precision
  private let runtime: Runtime
  private let pass: Primitive
  private let scaledWeights: ScaledWeights
  /// The same for one item, when results are slices of larger tensors.
  private lazy var itemPass: Primitive? =
    description.convolution.batch == 1 ? pass : try? Self.itemPass(description, precision, on: runtime)

  init(
    _ description: FusedConvolutionDescription, _ precision: Precision = .float32, on runtime: Runtime
  ) throws(OneDNNError) {
    let convolution = description.convolution
    guard (1...3).contains(convolution.input.count), convolution.source.count > 0, convolution.destination.count > 0
    else { throw OneDNNError(operation: "describe a convolution", status: dnnl_unimplemented) }
    self.description = description
    self.precision = precision
    self.runtime = runtime
    pass = try Self.pass(description, precision, on: runtime)
    scaledWeights = ScaledWeights(outputs: convolution.outputs, layout: pass.layout(.weights), on: runtime)
  }

  private static func pass(
    _ description: FusedConvolutionDescription, _ precision: Precision, on runtime: Runtime
  ) throws(OneDNNError) -> Primitive {
    var convolution = description.convolution
    convolution.hasBias = description.hasShift
    let forward = try DNNConvolutionGeometry(convolution, precision, on: runtime).bestForward(
      adds: description.hasAddend, slope: description.slope
    ).descriptor
    if forward.isPlainLoop {
      throw OneDNNError(operation: "convolve faster than the reference", status: dnnl_unimplemented)
    }
    return try Primitive(forward, [.source, .weights, .bias, .destination], on: runtime)
  }

  private static func itemPass(
    _ description: FusedConvolutionDescription, _ precision: Precision, on runtime: Runtime
  ) throws(OneDNNError) -> Primitive {
    var item = description
    item.convolution.batch = 1
    return try pass(item, precision, on: runtime)
  }

  /// Whole blocks of channels, if one item is computed as the batch is.
  func canWrite(_ slice: ChannelSlice) -> Bool {
    guard !description.hasAddend, let itemPass, let block = pass.layout(.destination).storedBlock,
      block == 8 || block == 16
    else { return false }
    return itemPass.layout(.weights) == pass.layout(.weights)
      && itemPass.layout(.source).storedBlock == pass.layout(.source).storedBlock
      && itemPass.layout(.destination).storedBlock == block
      && slice.isWhole(in: block, count: description.convolution.outputs)
  }

  func forward(_ operands: FusedConvolutionOperands) {
    guard let slice = operands.slice else {
      pass.read(.source, from: operands.source)
      if let addend = operands.addend {
        let layout = pass.layout(.destination)
        // The source may be the addend, which must then outlive the sum.
        let mayConsume = operands.mayConsumeAddend && addend !== operands.source
        operands.destination.takeValues(of: addend, in: layout, consuming: mayConsume, on: runtime)
        pass.bind(.destination, host: operands.destination.address(updating: layout, on: runtime))
      } else {
        pass.write(.destination, to: operands.destination)
      }
      return run(pass, operands)
    }
    // Item by item, each to its place in the larger tensor.
    let pass = itemPass!
    let whole = pass.layout(.destination).relative(slice.whole.dimensions)!
    let source = operands.source.address(reading: self.pass.layout(.source), on: runtime)
    let destination = operands.destination.completedMemory(in: whole, on: runtime).address
    let size = whole.byteCount / whole.storedCount
    for item in 0..<description.convolution.batch {
      pass.bind(.source, host: source + item * pass.layout(.source).byteCount)
      pass.bind(.destination, host: destination + (slice.offset + item * slice.itemStride) * size)
      run(pass, operands)
    }
  }

  private func run(_ pass: Primitive, _ operands: FusedConvolutionOperands) {
    if let scale = operands.scale {
      pass.bind(.weights, scaledWeights.memory(of: operands.weights, scale: scale))
    } else {
      pass.read(.weights, from: operands.weights)
      operands.weights.dropHostForm()
    }
    if let shift = operands.shift { pass.read(.bias, from: shift) }
    pass.execute()
  }
}

/// Weights in the layout of a kernel, multiplied by a factor for each output, made anew when either has changed.
private final class ScaledWeights {
  private let layout: Layout
  private let outputs: Int
  private let runtime: Runtime
  private let scaled = Buffer()
  private let state = DerivedState()
  private let scaleState = DerivedState()

  init(outputs: Int, layout: Layout, on runtime: Runtime) {
    self.layout = layout
    self.outputs = outputs
    self.runtime = runtime
  }

  func memory(of weights: Buffer, scale: Buffer) -> Memory {
    if state.isCurrent(for: weights), scaleState.isCurrent(for: scale) {
      return scaled.currentMemory(in: layout, on: runtime)
    }
    scaled.resize(to: weights.count)
    let w = weights.values.baseAddress!
    let result = scaled.uninitializedValues.baseAddress!
    let count = weights.count / outputs
    for (output, factor) in scale.values.enumerated() {
      transform(output * count..<(output + 1) * count, w, into: result) { factor * $0 }
    }
    state.note(weights)
    scaleState.note(scale)
    let memory = scaled.currentMemory(in: layout, on: runtime)
    scaled.dropHostForm(exactly: false)
    return memory
  }
}

/// From which values of which buffer something was derived.
///
/// An object, because a struct with a weak reference costs much whenever it is copied.
final class DerivedState {
  /// Weak, so that a later buffer at the same address is not taken for this one.
  private weak var source: Buffer?
  private var version = 0

  func isCurrent(for buffer: Buffer) -> Bool { source === buffer && version == buffer.version }

  func note(_ buffer: Buffer) {
    source = buffer
    version = buffer.version
  }
}

extension ChannelSlice {
  /// Whether the slice, of so many channels, consists of whole blocks, and so does the rest of the tensor.
  func isWhole(in block: Int, count: Int) -> Bool {
    firstChannel % block == 0 && count % block == 0 && whole[1] % block == 0
  }

  /// Where the slice begins in a tensor in blocks, and how far its items are apart, in values.
  var offset: Int { firstChannel * whole.count(2...) }
  var itemStride: Int { whole.count(1...) }
}
