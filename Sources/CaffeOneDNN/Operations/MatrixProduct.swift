internal import COneDNN

/// C = A · B, or C += A · B, of matrices that lie row by row in host memory or are the transpose of such.
struct MatrixProduct {
  private let primitive: Primitive
  var kernel: String { primitive.kernel }

  /// A matrix in memory.
  struct Matrix {
    var rows: Int
    var columns: Int
    /// Whether what is stored row by row is the transpose.
    var isTransposed = false

    func layout() throws(OneDNNError) -> Layout {
      isTransposed ? try .columnMajor(rows: rows, columns: columns) : try .rowMajor([rows, columns])
    }
  }

  /// - Parameters:
  ///   - hasBias: whether a row is added to each row of the product.
  ///   - isAdding: whether the product is added to what is there.
  init(_ a: Matrix, _ b: Matrix, hasBias: Bool = false, isAdding: Bool = false, on runtime: Runtime) throws(OneDNNError)
  {
    let (source, weights) = (try a.layout(), try b.layout())
    let bias = hasBias ? try Layout.rowMajor([1, b.columns]) : nil
    let destination = try Layout.rowMajor([a.rows, b.columns])
    let descriptor = try PrimitiveDescriptor("a matrix product", on: runtime) {
      caffe_matrix_product(
        &$0, Device.processor.handle, source.handle, weights.handle, bias?.handle, destination.handle,
        .init(adds: isAdding, rectifies: false, slope: 0))
    }
    primitive = try Primitive(descriptor, [.source, .weights, .bias, .destination], on: runtime)
  }

  func callAsFunction(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    into c: UnsafeMutablePointer<Float>
  ) {
    primitive.bind(.source, host: a)
    primitive.bind(.weights, host: b)
    if let bias { primitive.bind(.bias, host: bias) }
    primitive.bind(.destination, host: c)
    primitive.execute()
  }
}
