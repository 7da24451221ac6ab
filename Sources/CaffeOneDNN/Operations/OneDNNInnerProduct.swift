internal import COneDNN
internal import CaffeCore

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// Three matrix products on row-major memory, so that no iteration spends time on packing weights.
///
///     y = x · Wᵀ + b,   dx = dy · W,   dW += dyᵀ · x,   db += Σ dy
final class OneDNNInnerProduct: InnerProductOperation, Explained {
  let description: InnerProductDescription
  var kernel: String? { rows <= 4 ? "sgemm" : forwardProduct.kernel }
  private let runtime: Runtime
  private let forwardProduct: MatrixProduct
  private let backwardDataProduct: OnDemand<MatrixProduct>
  private let overwritingProduct: OnDemand<MatrixProduct>
  private let addingProduct: OnDemand<MatrixProduct>

  private var rows: Int { description.rows }
  private var inputs: Int { description.inputs }
  private var outputs: Int { description.outputs }
  private var isTransposed: Bool { description.isTransposed }

  init(_ description: InnerProductDescription, on runtime: Runtime) throws(OneDNNError) {
    guard description.rows > 0, description.inputs > 0, description.outputs > 0 else {
      throw OneDNNError(operation: "multiply empty matrices", status: dnnl_unimplemented)
    }
    self.description = description
    self.runtime = runtime
    forwardProduct = try MatrixProduct(
      .init(rows: description.rows, columns: description.inputs),
      .init(rows: description.inputs, columns: description.outputs, isTransposed: !description.isTransposed),
      hasBias: description.hasBias, on: runtime)
    backwardDataProduct = OnDemand(on: runtime) { () throws(OneDNNError) in
      try MatrixProduct(
        .init(rows: description.rows, columns: description.outputs),
        .init(rows: description.outputs, columns: description.inputs, isTransposed: description.isTransposed),
        on: runtime)
    }
    overwritingProduct = OnDemand(on: runtime) { () throws(OneDNNError) in
      try Self.weightsProduct(description, isAdding: false, on: runtime)
    }
    addingProduct = OnDemand(on: runtime) { () throws(OneDNNError) in
      try Self.weightsProduct(description, isAdding: true, on: runtime)
    }
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let x = source.values.baseAddress!
    let w = weights.values.baseAddress!
    let b = bias?.values.baseAddress
    let y = destination.uninitializedValues.baseAddress!
    if rows <= 4 { return forwardFewRows(x, w, b, y) }
    forwardProduct(x, w, bias: b, into: y)
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {
    backwardDataProduct()?(
      destinationDiff.values.baseAddress!, weights.values.baseAddress!,
      into: sourceDiff.uninitializedValues.baseAddress!)
  }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) {
    let x = source.values.baseAddress!
    let dy = destinationDiff.values.baseAddress!
    let (product, dw) =
      weightsDiff.isZero
      ? (overwritingProduct(), weightsDiff.uninitializedValues.baseAddress!)
      : (addingProduct(), weightsDiff.mutableValues.baseAddress!)
    if isTransposed { product?(x, dy, into: dw) } else { product?(dy, x, into: dw) }
    if let db = biasDiff?.mutableValues.baseAddress { addColumnSums(dy, rows: rows, columns: outputs, to: db) }
  }

  /// The kernel for products copies its right side first, which few rows do not repay: this one reads the weights once.
  private func forwardFewRows(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    #if canImport(CaffeKernelsAVX512)
      if Instructions.hasAVX512, !isTransposed {
        return runtime.parallelFor(outputs, grain: max(4, (parallelForGrain / inputs + 3) / 4 * 4)) {
          FewRows.multiply(x, rows: rows, inputs: inputs, w, b, into: y, outputs: outputs, range: $0)
        }
      }
    #endif
    if let b { for row in 0..<rows { (y + row * outputs).update(from: b, count: outputs) } }
    let transposition = CChar(UInt8(ascii: isTransposed ? "N" : "T"))
    runtime.compute { () throws(OneDNNError) in
      try check(
        "multiply matrices",
        dnnl_sgemm(
          CChar(UInt8(ascii: "N")), transposition, Int64(rows), Int64(outputs), Int64(inputs), 1, x, Int64(inputs), w,
          Int64(isTransposed ? outputs : inputs), b == nil ? 0 : 1, y, Int64(outputs)))
    }
  }

  /// dW = dyᵀ · x; of weights that are stored transposed, xᵀ · dy.
  private static func weightsProduct(
    _ description: InnerProductDescription, isAdding: Bool, on runtime: Runtime
  ) throws(OneDNNError) -> MatrixProduct {
    let (inputs, outputs) = (description.inputs, description.outputs)
    let (left, right) = description.isTransposed ? (inputs, outputs) : (outputs, inputs)
    return try MatrixProduct(
      .init(rows: left, columns: description.rows, isTransposed: true),
      .init(rows: description.rows, columns: right), isAdding: isAdding, on: runtime)
  }
}
