internal import CHDF5

/// The array behind a dataset or an attribute: its shape, the type of its elements, and how to read it.
struct HDF5Values {
  let file: HDF5Origin
  let handle: HDF5Handle
  /// How many elements there are along each axis; empty for a scalar.
  let shape: [Int]
  let count: Int
  let elements: HDF5Elements
  let space: HDF5Handle
  let type: HDF5Handle
  private let read: (hid_t, UnsafeMutableRawPointer?) -> herr_t

  /// Asks a dataset or an attribute for its space and type through the functions given.
  init(
    _ operation: String, file: HDF5Origin, handle: HDF5Handle,
    space makeSpace: (hid_t) -> hid_t, type makeType: (hid_t) -> hid_t,
    read: @escaping (hid_t, UnsafeMutableRawPointer?) -> herr_t
  ) throws(HDF5Error) {
    self.file = file
    self.handle = handle
    self.read = read
    let space = try HDF5Handle(operation, in: file.path, release: H5Sclose) { makeSpace(handle.id) }
    let type = try HDF5Handle(operation, in: file.path, release: H5Tclose) { makeType(handle.id) }
    self.space = space
    self.type = type
    shape = try Self.shape(of: space, operation, in: file)
    elements = HDF5Elements(HDF5Library.locked { H5Tget_class(type.id) })

    var product = 1
    for dimension in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      product = overflow ? Int.max : next
    }
    let width = max(1, HDF5Library.locked { H5Tget_size(type.id) })
    guard product <= min(Int(Int32.max), file.capacity / width) else {
      throw HDF5Error(
        file: file.path, operation: operation,
        reason: "it claims \(shape.map(String.init).joined(separator: " x ")) elements of \(width) bytes, "
          + "which is more than a file of \(file.size) bytes can hold; the file is damaged")
    }
    count = product
  }

  private static func shape(
    of space: HDF5Handle, _ operation: String, in file: HDF5Origin
  ) throws(HDF5Error) -> [Int] {
    if HDF5Library.locked({ H5Sget_simple_extent_type(space.id) }) == H5S_NULL { return [0] }
    let rank = try hdf5(operation, in: file.path) { H5Sget_simple_extent_ndims(space.id) }
    var dimensions = [hsize_t](repeating: 0, count: Int(rank))
    try hdf5(operation, in: file.path) { H5Sget_simple_extent_dims(space.id, &dimensions, nil) }
    return dimensions.map { Int(clamping: $0) }
  }

  /// Throws unless the elements are numbers.
  func requireNumbers(_ operation: String) throws(HDF5Error) {
    guard elements == .integer || elements == .float else {
      throw HDF5Error(
        file: file.path, operation: operation,
        reason: "its elements are of class \(elements.name); only integers and floating-point numbers can be read")
    }
  }

  /// All elements, converted to `memoryType`, which is the library's name for `Element`.
  func array<Element: Numeric>(
    of element: Element.Type, as memoryType: hid_t, _ operation: String
  ) throws(HDF5Error) -> [Element] {
    try requireNumbers(operation)
    var values = [Element](repeating: 0, count: count)
    guard count > 0 else { return values }
    try hdf5(operation, in: file.path) { values.withUnsafeMutableBytes { read(memoryType, $0.baseAddress) } }
    return values
  }

  /// The one text this holds.
  func string(_ operation: String) throws(HDF5Error) -> String {
    guard elements == .string, count == 1 else {
      let found = elements == .string ? "\(count) texts" : "elements of class \(elements.name)"
      throw HDF5Error(file: file.path, operation: operation, reason: "expected one text, found \(found)")
    }
    if HDF5Library.locked({ H5Tis_variable_str(type.id) }) > 0 {
      var text: UnsafeMutablePointer<CChar>?
      try hdf5(operation, in: file.path) { read(type.id, &text) }
      defer { _ = HDF5Library.locked { H5Dvlen_reclaim(type.id, space.id, caffe_h5_default(), &text) } }
      return text.map { String(cString: $0) } ?? ""
    }
    var bytes = [UInt8](repeating: 0, count: HDF5Library.locked { H5Tget_size(type.id) })
    try hdf5(operation, in: file.path) { bytes.withUnsafeMutableBytes { read(type.id, $0.baseAddress) } }
    var text = bytes.prefix { $0 != 0 }
    if HDF5Library.locked({ H5Tget_strpad(type.id) }) == H5T_STR_SPACEPAD {
      while text.last == UInt8(ascii: " ") { text.removeLast() }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The class of an array's elements.
public enum HDF5Elements: Hashable, Sendable {
  case integer
  case float
  case string
  /// Anything else, under HDF5's name for it.
  case other(String)

  init(_ type: H5T_class_t) {
    self =
      switch type {
      case H5T_INTEGER: .integer
      case H5T_FLOAT: .float
      case H5T_STRING: .string
      case H5T_TIME: .other("time")
      case H5T_BITFIELD: .other("bit field")
      case H5T_OPAQUE: .other("opaque")
      case H5T_COMPOUND: .other("compound")
      case H5T_REFERENCE: .other("reference")
      case H5T_ENUM: .other("enumeration")
      case H5T_VLEN: .other("variable-length sequence")
      case H5T_ARRAY: .other("array")
      default: .other("unknown")
      }
  }

  var name: String {
    switch self {
    case .integer: "integer"
    case .float: "float"
    case .string: "string"
    case .other(let name): name
    }
  }
}
