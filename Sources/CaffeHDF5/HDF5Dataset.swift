internal import CHDF5

/// An array in an HDF5 file.
public final class HDF5Dataset: HDF5Object {
  private let values: HDF5Values

  init(opening name: String, in parent: HDF5Handle, named fullName: String, file: HDF5Origin) throws(HDF5Error) {
    let operation = "open dataset \(fullName)"
    let handle = try HDF5Handle(operation, in: file.path, parent: parent, release: H5Dclose) {
      H5Dopen2(parent.id, name, caffe_h5_default())
    }
    if file.isConfined, try hdf5(operation, in: file.path, { caffe_h5_lies_elsewhere(handle.id) }) > 0 {
      throw HDF5Error(
        file: file.path, operation: operation, reason: "its values lie in other files, which are not looked for here")
    }
    values = try HDF5Values(
      operation, file: file, handle: handle, space: H5Dget_space, type: H5Dget_type,
      read: { type, buffer in
        H5Dread(handle.id, type, caffe_h5_all(), caffe_h5_all(), caffe_h5_default(), buffer)
      })
    super.init(name: fullName, handle: handle, file: file)
  }

  /// The length of each axis; empty for a scalar.
  public var shape: [Int] { values.shape }
  /// The number of elements.
  public var count: Int { values.count }
  public var elements: HDF5Elements { values.elements }

  private var operation: String { "read dataset \(name)" }

  /// All elements in row-major order, whatever their size, byte order and compression.
  public func floats() throws(HDF5Error) -> [Float] {
    try values.array(of: Float.self, as: caffe_h5_float(), operation)
  }

  /// All elements in row-major order; fractions are cut off.
  public func integers() throws(HDF5Error) -> [Int] {
    try values.array(of: Int64.self, as: caffe_h5_int64(), operation).map(Int.init)
  }

  /// The one integer of a scalar or one-element dataset.
  public func integer() throws(HDF5Error) -> Int {
    guard count == 1 else { throw error(operation, "expected one integer, found \(count)") }
    return try integers()[0]
  }

  /// The one text of a scalar or one-element dataset, of fixed or variable length.
  public func string() throws(HDF5Error) -> String { try values.string(operation) }

  /// Throws unless the elements are numbers.
  func requireNumbers() throws(HDF5Error) { try values.requireNumbers(operation) }

  /// Reads all elements into `buffer`, which must be exactly as long.
  public func read(into buffer: UnsafeMutableBufferPointer<Float>) throws(HDF5Error) {
    precondition(buffer.count == count, "the buffer must have as many elements as the dataset")
    try values.requireNumbers(operation)
    guard count > 0 else { return }
    try hdf5(operation, in: file.path) {
      H5Dread(
        handle.id, caffe_h5_float(), caffe_h5_all(), caffe_h5_all(), caffe_h5_default(), buffer.baseAddress)
    }
  }

  /// Reads the given positions of the first axis into `buffer`, which must be exactly as long as they are.
  public func read(rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>) throws(HDF5Error) {
    guard let rowCount = shape.first, rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw error(operation, "rows \(rows.lowerBound)..<\(rows.upperBound) lie outside of its shape \(shape)")
    }
    precondition(
      buffer.count == shape.dropFirst().reduce(rows.count, *), "the buffer must have as many elements as the rows")
    try values.requireNumbers(operation)
    guard !buffer.isEmpty else { return }

    let window = [rows.count] + shape.dropFirst()
    let start = [hsize_t(rows.lowerBound)] + shape.dropFirst().map { _ in 0 }
    let selected = try HDF5Handle(operation, in: file.path, release: H5Sclose) { H5Dget_space(handle.id) }
    let memory = try HDF5Handle(operation, in: file.path, release: H5Sclose) { makeSpace(window) }
    try hdf5(operation, in: file.path) {
      H5Sselect_hyperslab(selected.id, H5S_SELECT_SET, start, nil, window.map { hsize_t($0) }, nil)
    }
    try hdf5(operation, in: file.path) {
      H5Dread(handle.id, caffe_h5_float(), memory.id, selected.id, caffe_h5_default(), buffer.baseAddress)
    }
  }
}
