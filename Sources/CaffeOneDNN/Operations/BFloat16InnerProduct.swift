internal import COneDNN
internal import CaffeCore

/// A fully connected product with weights in bfloat16, which halves what has to be read of them, for nets that never run backward.
///
/// The weights are packed as the kernel wants them, once; sums are float32.
final class BFloat16InnerProduct: InnerProductOperation, Explained {
  let description: InnerProductDescription
  var kernel: String? { product.kernel }
  private let runtime: Runtime
  private let product: Primitive
  /// From how weights are stored to how the kernel wants them.
  private let packing: Primitive
  private let packed: Memory
  private let state = DerivedState()
  private let narrowing: Primitive
  private let narrow: Memory
  /// The source, row-major in bfloat16, with the dimensions that it had last.
  private var rows: Layout?

  init(_ description: InnerProductDescription, on runtime: Runtime) throws(OneDNNError) {
    let (rows, inputs, outputs) = (description.rows, description.inputs, description.outputs)
    guard rows > 0, inputs > 0, outputs > 0 else {
      throw OneDNNError(operation: "multiply empty matrices", status: dnnl_unimplemented)
    }
    self.description = description
    self.runtime = runtime
    let source = try Layout.rowMajor([rows, inputs], of: .bfloat16)
    let weights = try Layout.any([inputs, outputs], of: .bfloat16)
    let bias = description.hasBias ? try Layout.rowMajor([1, outputs]) : nil
    let destination = try Layout.rowMajor([rows, outputs])
    let descriptor = try PrimitiveDescriptor("a matrix product", on: runtime) {
      caffe_matrix_product(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle, caffe_plain)
    }
    if descriptor.isPlainLoop {
      throw OneDNNError(operation: "multiply faster than the reference", status: dnnl_unimplemented)
    }
    product = try Primitive(descriptor, [.source, .weights, .bias, .destination], on: runtime)
    let stored =
      description.isTransposed
      ? try Layout.rowMajor([inputs, outputs]) : try Layout.columnMajor(rows: inputs, columns: outputs)
    packing = try Primitive(reordering: stored, to: product.layout(.weights), on: runtime)
    packed = Memory(owned: product.layout(.weights))
    narrowing = try Primitive(reordering: .rowMajor([rows, inputs]), to: source, on: runtime)
    narrow = Memory(owned: source)
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    if !state.isCurrent(for: weights) {
      packing.bind(.source, host: weights.values.baseAddress!)
      packing.bind(.destination, packed)
      packing.execute()
      state.note(weights)
    }
    readSource(source)
    product.bind(.weights, packed)
    if let bias { product.bind(.bias, host: bias.values.baseAddress!) }
    product.bind(.destination, host: destination.uninitializedValues.baseAddress!)
    product.execute()
  }

  private func readSource(_ source: Buffer) {
    if let layout = source.currentLayout(where: { $0.precision == .bfloat16 }) {
      // As a convolution left it: only the order changes.
      if rows?.dimensions != layout.dimensions { rows = try? .rowMajor(layout.dimensions, of: .bfloat16) }
      if let rows { return product.bind(.source, host: source.address(reading: rows, on: runtime)) }
    }
    narrowing.bind(.source, host: source.values.baseAddress!)
    narrowing.bind(.destination, narrow)
    narrowing.execute()
    product.bind(.source, narrow)
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) { refuseGradient() }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) { refuseGradient() }
}
