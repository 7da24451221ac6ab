internal import CHDF5

/// What groups and datasets have in common: a place in a file, and attributes.
public class HDF5Object {
  /// The path of the object in its file.
  public let name: String
  let handle: HDF5Handle
  let file: HDF5Origin

  init(name: String, handle: HDF5Handle, file: HDF5Origin) {
    self.name = name
    self.handle = handle
    self.file = file
  }

  func error(_ operation: String, _ reason: String) -> HDF5Error {
    HDF5Error(file: file.path, operation: operation, reason: reason)
  }

  // MARK: Attributes

  public func hasAttribute(_ name: String) throws(HDF5Error) -> Bool {
    try hdf5("look up attribute \"\(name)\" of \(self.name)", in: file.path) { H5Aexists(handle.id, name) } > 0
  }

  /// The text of a string attribute, of fixed or variable length.
  public func string(attribute name: String) throws(HDF5Error) -> String {
    let (attribute, operation) = try open(attribute: name)
    return try attribute.string(operation)
  }

  /// The values of an attribute of any integer or floating-point type, in row-major order.
  public func floats(attribute name: String) throws(HDF5Error) -> [Float] {
    let (attribute, operation) = try open(attribute: name)
    return try attribute.array(of: Float.self, as: caffe_h5_float(), operation)
  }

  /// The values of an attribute of any integer or floating-point type, rounded towards zero, in row-major order.
  public func integers(attribute name: String) throws(HDF5Error) -> [Int] {
    let (attribute, operation) = try open(attribute: name)
    return try attribute.array(of: Int64.self, as: caffe_h5_int64(), operation).map(Int.init)
  }

  /// Sets an attribute to a text of fixed length that ends with a zero.
  public func setAttribute(_ name: String, to value: String) throws(HDF5Error) {
    let text = Array(value.utf8) + [0]
    let type = try fixedString(length: text.count, in: file.path)
    try write(attribute: name, text, shape: [], type: type.id)
  }

  /// Sets an attribute to a list of 32-bit floats.
  public func setAttribute(_ name: String, to values: [Float]) throws(HDF5Error) {
    try write(attribute: name, values, shape: [values.count], type: caffe_h5_float())
  }

  /// Sets an attribute to a list of 64-bit integers.
  public func setAttribute(_ name: String, to values: [Int]) throws(HDF5Error) {
    try write(attribute: name, values.map(Int64.init), shape: [values.count], type: caffe_h5_int64())
  }

  private func open(attribute name: String) throws(HDF5Error) -> (HDF5Values, operation: String) {
    let operation = "read attribute \"\(name)\" of \(self.name)"
    let attribute = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Aclose) {
      H5Aopen(handle.id, name, caffe_h5_default())
    }
    let values = try HDF5Values(
      operation, file: file, handle: attribute, space: H5Aget_space, type: H5Aget_type,
      read: { type, buffer in H5Aread(attribute.id, type, buffer) })
    return (values, operation)
  }

  private func write<Element: BitwiseCopyable>(
    attribute name: String, _ values: [Element], shape: [Int], type: hid_t
  ) throws(HDF5Error) {
    let operation = "write attribute \"\(name)\" of \(self.name)"
    if try hasAttribute(name) { try hdf5(operation, in: file.path) { H5Adelete(handle.id, name) } }
    let space = try HDF5Handle(operation, in: file.path, release: H5Sclose) { makeSpace(shape) }
    let attribute = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Aclose) {
      H5Acreate2(handle.id, name, type, space.id, caffe_h5_default(), caffe_h5_default())
    }
    guard !values.isEmpty else { return }
    try hdf5(operation, in: file.path) { H5Awrite(attribute.id, type, values) }
  }
}

/// A data space of the given shape; no axes make a scalar.
func makeSpace(_ shape: [Int]) -> hid_t {
  shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(CInt(shape.count), shape.map { hsize_t($0) }, nil)
}

/// A type for texts of up to `length` bytes that end with a zero.
func fixedString(length: Int, in file: String) throws(HDF5Error) -> HDF5Handle {
  let type = try HDF5Handle("make a string type", in: file, release: H5Tclose) { H5Tcopy(caffe_h5_c_string()) }
  try hdf5("make a string type", in: file) { H5Tset_size(type.id, length) }
  return type
}
