internal import COneDNN
internal import CaffeCore

/// An elementwise function, in the layout in which its source arrives.
///
/// oneDNN computes what needs an exponential. The rest are loops of our own over memory in any layout: oneDNN's ReLU would
/// turn a NaN into 0 and so hide that a training has diverged.
final class OneDNNElementwise: ElementwiseOperation {
  let description: ElementwiseDescription
  private let runtime: Runtime
  private let exponential: Exponential?
  /// For values in bfloat16.
  private var narrowRectifier: NarrowRectifier?

  init(_ description: ElementwiseDescription, on runtime: Runtime) throws(OneDNNError) {
    guard description.shape.count > 0 else {
      throw OneDNNError(operation: "compute nothing", status: dnnl_unimplemented)
    }
    self.description = description
    self.runtime = runtime
    let (algorithm, alpha): (dnnl_alg_kind_t, Float)
    switch description.function {
    case .relu:
      exponential = nil
      return
    case .sigmoid: (algorithm, alpha) = (dnnl_eltwise_logistic, 0)
    case .tanh: (algorithm, alpha) = (dnnl_eltwise_tanh, 0)
    case .elu(let factor): (algorithm, alpha) = (dnnl_eltwise_elu, factor)
    }
    exponential = try Exponential(algorithm, alpha: alpha, count: description.shape.count, on: runtime)
  }

  func forward(_ source: Buffer, into destination: Buffer) {
    let layout = source.currentLayout(of: description.shape.dimensions)
    guard case .relu(let slope) = description.function else {
      exponential?(source, into: destination, in: layout)
      return
    }
    if layout == nil, let narrow = source.currentLayout(of: description.shape.dimensions, .bfloat16) {
      let rectifier = narrowRectifier ?? NarrowRectifier(slope: slope, on: runtime)
      narrowRectifier = rectifier
      return rectifier(source, into: destination, in: narrow)
    }
    if slope == 0, let layout, let formula = rectified(source, layout) {
      return destination.define(by: formula, on: runtime)
    }
    let x = source.pointer(reading: layout, on: runtime)
    let y = destination.pointer(overwriting: layout, on: runtime)
    runtime.parallelFor(storedCount(layout)) { transform($0, x, into: y) { x in x > 0 ? x : slope * x } }
  }

  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer) {
    let dimensions = description.shape.dimensions
    let layout = destinationDiff.currentLayout(of: dimensions) ?? destination.currentLayout(of: dimensions)
    if case .relu(0) = description.function, let layout, let formula = gated(destinationDiff, by: destination, layout) {
      return sourceDiff.define(by: formula, on: runtime)
    }
    let dy = destinationDiff.pointer(reading: layout, on: runtime)
    let y = destination.pointer(reading: layout, on: runtime)
    let dx = sourceDiff.pointer(overwriting: layout, on: runtime)
    let count = storedCount(layout)
    // The functions are written into the loops, which would not vectorise around a call.
    switch description.function {
    case .relu(let slope):
      runtime.parallelFor(count) { transform($0, dy, y, into: dx) { dy, y in y > 0 ? dy : slope * dy } }
    case .sigmoid: runtime.parallelFor(count) { transform($0, dy, y, into: dx) { dy, y in dy * y * (1 - y) } }
    case .tanh: runtime.parallelFor(count) { transform($0, dy, y, into: dx) { dy, y in dy * (1 - y * y) } }
    case .elu(let alpha):
      runtime.parallelFor(count) { transform($0, dy, y, into: dx) { dy, y in y > 0 ? dy : dy * (y + alpha) } }
    }
  }

  /// The rectifier of a formula, if the source is one that nobody has asked the values of.
  private func rectified(_ source: Buffer, _ layout: Layout) -> Deferred? {
    guard let blocks = Blocks(layout) else { return nil }
    let values = source.deferred(in: layout, blocks, on: runtime)
    guard var formula = values.formula, !formula.isRectified else { return nil }
    formula.isRectified = true
    return Deferred(formula, layout, blocks)
  }

  /// The gradient where the result is positive.
  private func gated(_ destinationDiff: Buffer, by destination: Buffer, _ layout: Layout) -> Deferred? {
    guard let blocks = Blocks(layout) else { return nil }
    let dy = destinationDiff.deferred(in: layout, blocks, on: runtime)
    let y = destination.deferred(in: layout, blocks, on: runtime)
    if y.affine == nil { _ = y.memory(on: runtime) }
    if let formula = dy.formulaOrValues.gated(by: y) { return Deferred(formula, layout, blocks) }
    let values = Deferred.Formula(terms: [.init(source: dy.memory(on: runtime))])
    return values.gated(by: y).map { Deferred($0, layout, blocks) }
  }

  /// Padding is zero and stays zero: f(0) = 0 for ReLU, and a gradient of 0 gives 0.
  private func storedCount(_ layout: Layout?) -> Int { layout?.storedCount ?? description.shape.count }
}

/// A function made of exponentials, applied by oneDNN in any layout.
final class Exponential {
  private let algorithm: dnnl_alg_kind_t
  private let alpha: Float
  private let runtime: Runtime
  private let rowMajor: Primitive
  private var primitives = PerLayout<Primitive>()

  init(_ algorithm: dnnl_alg_kind_t, alpha: Float = 0, count: Int, on runtime: Runtime) throws(OneDNNError) {
    self.algorithm = algorithm
    self.alpha = alpha
    self.runtime = runtime
    rowMajor = try Self.primitive(algorithm, alpha, .rowMajor([count]), on: runtime)
  }

  /// `destination` may be `source`; nil is row-major order.
  func callAsFunction(_ source: Buffer, into destination: Buffer, in layout: Layout?) {
    let primitive = layout.map(primitive) ?? rowMajor
    primitive.read(.source, from: source)
    primitive.write(.destination, to: destination)
    primitive.execute()
  }

  /// Applies the function in place to row-major values.
  func callAsFunction(_ values: UnsafeMutablePointer<Float>) {
    rowMajor.bind(.source, host: values)
    rowMajor.bind(.destination, host: values)
    rowMajor.execute()
  }

  private func primitive(for layout: Layout) -> Primitive {
    primitives.entry(for: layout) {
      runtime.unlessRefused { () throws(OneDNNError) in try Self.primitive(algorithm, alpha, layout, on: runtime) }
        ?? rowMajor
    }
  }

  private static func primitive(
    _ algorithm: dnnl_alg_kind_t, _ alpha: Float, _ layout: Layout, on runtime: Runtime
  ) throws(OneDNNError) -> Primitive {
    let descriptor = try PrimitiveDescriptor("an elementwise function", on: runtime) {
      caffe_elementwise_forward(&$0, Device.processor.handle, algorithm, alpha, layout.handle)
    }
    return try Primitive(descriptor, [.source, .destination], on: runtime)
  }
}
