internal import CHDF5

/// A folder in an HDF5 file. Names may be paths, such as `data/conv1/0`.
public final class HDF5Group: HDF5Object {
  /// How to list the members of a group.
  public enum Order: Sendable {
    /// By name, byte by byte.
    case name
    /// As they were made, in files that remember it; by name in others.
    case creation
  }

  public enum Member: Hashable, Sendable {
    case group
    case dataset
    case other

    fileprivate init(_ type: H5O_type_t) {
      self =
        switch type {
        case H5O_TYPE_GROUP: .group
        case H5O_TYPE_DATASET: .dataset
        default: .other
        }
    }
  }

  private init(made handle: HDF5Handle, named name: String, file: HDF5Origin) {
    super.init(name: name, handle: handle, file: file)
  }

  init(opening name: String, in parent: HDF5Handle, named fullName: String? = nil, file: HDF5Origin) throws(HDF5Error) {
    let fullName = fullName ?? name
    let handle = try HDF5Handle("open group \(fullName)", in: file.path, parent: parent, release: H5Gclose) {
      H5Gopen2(parent.id, name, caffe_h5_default())
    }
    super.init(name: fullName, handle: handle, file: file)
  }

  func path(_ member: String) -> String { name == "/" ? "/" + member : "\(name)/\(member)" }

  // MARK: Reading

  /// The names of the members.
  public func names(in order: Order = .name) throws(HDF5Error) -> [String] {
    let operation = "list group \(name)"
    var info = H5G_info_t()
    try hdf5(operation, in: file.path) { H5Gget_info(handle.id, &info) }
    if order == .creation, info.nlinks > 0, let names = try? names(info.nlinks, by: H5_INDEX_CRT_ORDER, operation) {
      return names
    }
    return try names(info.nlinks, by: H5_INDEX_NAME, operation)
  }

  private func names(_ count: hsize_t, by index: H5_index_t, _ operation: String) throws(HDF5Error) -> [String] {
    var names: [String] = []
    var position: hsize_t = 0
    while position < count {
      let length = try hdf5(operation, in: file.path) {
        H5Lget_name_by_idx(handle.id, ".", index, H5_ITER_INC, position, nil, 0, caffe_h5_default())
      }
      guard length < file.capacity else { throw error(operation, "a name of \(length) bytes; the file is damaged") }
      var text = [CChar](repeating: 0, count: length + 1)
      try hdf5(operation, in: file.path) {
        H5Lget_name_by_idx(
          handle.id, ".", index, H5_ITER_INC, position, &text, text.count, caffe_h5_default())
      }
      names.append(String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
      position += 1
    }
    return names
  }

  /// Whether there is a member of this name; every step of a path has to exist.
  public func contains(_ member: String) throws(HDF5Error) -> Bool {
    var path = ""
    for step in member.split(separator: "/") where step != "." {
      path += path.isEmpty ? String(step) : "/" + step
      let found = try hdf5("look up \(self.path(path))", in: file.path) {
        H5Lexists(handle.id, path, caffe_h5_default())
      }
      guard found > 0 else { return false }
      try requirePlainLink(path)
    }
    return !path.isEmpty
  }

  /// Throws if a link may lead to another file and that is not wanted.
  private func requirePlainLink(_ path: String) throws(HDF5Error) {
    guard file.isConfined else { return }
    let operation = "look up \(self.path(path))"
    guard try hdf5(operation, in: file.path, { caffe_h5_is_hard_link(handle.id, path) }) > 0 else {
      throw error(operation, "it is a link by name, which may lead to other files and is not followed here")
    }
  }

  /// Makes sure that a member can be opened.
  private func check(_ member: String) throws(HDF5Error) {
    // Looking at a member looks at each link on the way to it.
    if file.isConfined { _ = try contains(member) }
  }

  /// What kind of object the member is.
  public func kind(of member: String) throws(HDF5Error) -> Member {
    try check(member)
    let object = try HDF5Handle("open \(path(member))", in: file.path, parent: handle, release: H5Oclose) {
      H5Oopen(handle.id, member, caffe_h5_default())
    }
    return switch HDF5Library.locked({ H5Iget_type(object.id) }) {
    case H5I_GROUP: .group
    case H5I_DATASET: .dataset
    default: .other
    }
  }

  /// The group at a path, or nil if there is none.
  func groupIfThere(_ member: String) throws(HDF5Error) -> HDF5Group? {
    var group = self
    for step in member.split(separator: "/") where step != "." {
      guard try group.contains(String(step)), try group.kind(of: String(step)) == .group else { return nil }
      group = try group.group(String(step))
    }
    return group
  }

  /// Everything below the group, each with its path from here, every group before what is in it. Links to other places are not
  /// followed.
  func allMembers() throws(HDF5Error) -> [(path: String, kind: Member)] {
    var members: [(path: String, kind: Member)] = []
    try withUnsafeMutablePointer(to: &members) { (members) throws(HDF5Error) in
      _ = try hdf5("list group \(name)", in: file.path) {
        caffe_h5_visit(
          handle.id,
          { path, type, context in
            guard let path, let members = context?.assumingMemoryBound(to: [(path: String, kind: Member)].self),
              String(cString: path) != "."
            else { return }
            members.pointee.append((String(cString: path), Member(type)))
          }, members)
      }
    }
    return members
  }

  public func group(_ member: String) throws(HDF5Error) -> HDF5Group {
    try check(member)
    return try HDF5Group(opening: member, in: handle, named: path(member), file: file)
  }

  public func dataset(_ member: String) throws(HDF5Error) -> HDF5Dataset {
    try check(member)
    return try HDF5Dataset(opening: member, in: handle, named: path(member), file: file)
  }

  // MARK: Writing

  /// Makes a group, and the groups on the way to it.
  @discardableResult
  public func createGroup(_ member: String) throws(HDF5Error) -> HDF5Group {
    let operation = "create group \(path(member))"
    let links = try HDF5Handle(operation, in: file.path, release: H5Pclose, open: caffe_h5_links_with_parents)
    let order = try HDF5Handle(operation, in: file.path, release: H5Pclose, open: caffe_h5_ordered_groups)
    let made = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Gclose) {
      H5Gcreate2(handle.id, member, links.id, order.id, caffe_h5_default())
    }
    return HDF5Group(made: made, named: path(member), file: file)
  }

  /// Writes 32-bit floats in row-major order; an empty shape makes a scalar.
  public func write(_ values: UnsafeBufferPointer<Float>, shape: [Int], to member: String) throws(HDF5Error) {
    precondition(values.count == shape.reduce(1, *), "as many values as the shape has")
    try write(UnsafeRawBufferPointer(values), shape: shape, type: caffe_h5_float(), to: member)
  }

  /// Writes 32-bit floats in row-major order; an empty shape makes a scalar.
  public func write(_ values: [Float], shape: [Int], to member: String) throws(HDF5Error) {
    try values.withUnsafeBufferPointer { (values) throws(HDF5Error) in
      try write(values, shape: shape, to: member)
    }
  }

  /// Writes 32-bit integers in row-major order; an empty shape makes a scalar.
  public func write(_ values: [Int32], shape: [Int], to member: String) throws(HDF5Error) {
    precondition(values.count == shape.reduce(1, *), "as many values as the shape has")
    try values.withUnsafeBufferPointer { (values) throws(HDF5Error) in
      try write(UnsafeRawBufferPointer(values), shape: shape, type: caffe_h5_int32(), to: member)
    }
  }

  /// Writes a text as a scalar of fixed length that ends with a zero.
  public func write(_ text: String, to member: String) throws(HDF5Error) {
    let bytes = Array(text.utf8) + [0]
    let type = try fixedString(length: bytes.count, in: file.path)
    try bytes.withUnsafeBufferPointer { (bytes) throws(HDF5Error) in
      try write(UnsafeRawBufferPointer(bytes), shape: [], type: type.id, to: member)
    }
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, shape: [Int], type: hid_t, to member: String
  ) throws(HDF5Error) {
    let operation = "write dataset \(path(member))"
    let links = try HDF5Handle(operation, in: file.path, release: H5Pclose, open: caffe_h5_links_with_parents)
    let space = try HDF5Handle(operation, in: file.path, release: H5Sclose) { makeSpace(shape) }
    let timeless = try HDF5Handle(operation, in: file.path, release: H5Pclose, open: caffe_h5_datasets)
    let dataset = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Dclose) {
      H5Dcreate2(handle.id, member, type, space.id, links.id, timeless.id, caffe_h5_default())
    }
    guard !bytes.isEmpty else { return }
    try hdf5(operation, in: file.path) {
      H5Dwrite(dataset.id, type, caffe_h5_all(), caffe_h5_all(), caffe_h5_default(), bytes.baseAddress)
    }
  }
}
