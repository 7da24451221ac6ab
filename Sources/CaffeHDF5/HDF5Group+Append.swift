internal import CHDF5

extension HDF5Group {
  /// Adds 32-bit floats behind those of a dataset along its first axis; a dataset that is not there is made.
  ///
  /// Only datasets that this function made can grow.
  public func append(_ values: UnsafeBufferPointer<Float>, shape: [Int], to member: String) throws(HDF5Error) {
    precondition(!shape.isEmpty && values.count == shape.reduce(1, *), "as many values as the shape has")
    let operation = "append to dataset \(path(member))"
    if try !contains(member) { try makeGrowing(member, row: Array(shape.dropFirst()), operation) }
    let dataset = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Dclose) {
      H5Dopen2(handle.id, member, caffe_h5_default())
    }
    let old = try self.dataset(member).shape
    guard old.dropFirst() == shape.dropFirst() else {
      throw error(operation, "its rows have the shape \(Array(old.dropFirst())), the new ones \(shape.dropFirst())")
    }
    guard !values.isEmpty else { return }

    let rows = old[0] + shape[0]
    try hdf5(operation, in: file.path) {
      H5Dset_extent(dataset.id, ([rows] + shape.dropFirst()).map { hsize_t($0) })
    }
    let selected = try HDF5Handle(operation, in: file.path, release: H5Sclose) { H5Dget_space(dataset.id) }
    let memory = try HDF5Handle(operation, in: file.path, release: H5Sclose) { makeSpace(shape) }
    let start = [hsize_t(old[0])] + shape.dropFirst().map { _ in 0 }
    try hdf5(operation, in: file.path) {
      H5Sselect_hyperslab(selected.id, H5S_SELECT_SET, start, nil, shape.map { hsize_t($0) }, nil)
    }
    try hdf5(operation, in: file.path) {
      H5Dwrite(dataset.id, caffe_h5_float(), memory.id, selected.id, caffe_h5_default(), values.baseAddress)
    }
  }

  /// Makes a dataset of no rows so far, in chunks of about 64 KiB.
  private func makeGrowing(_ member: String, row: [Int], _ operation: String) throws(HDF5Error) {
    let rowSize = row.reduce(MemoryLayout<Float>.stride, *)
    let chunk = [max(1, 65536 / max(1, rowSize))] + row.map { max(1, $0) }
    // H5S_UNLIMITED is the greatest number.
    let limits = [hsize_t.max] + row.map { hsize_t(max(1, $0)) }
    let layout = try HDF5Handle(operation, in: file.path, release: H5Pclose) {
      caffe_h5_chunks(CInt(chunk.count), chunk.map { hsize_t($0) })
    }
    let space = try HDF5Handle(operation, in: file.path, release: H5Sclose) {
      H5Screate_simple(CInt(chunk.count), ([0] + row).map { hsize_t($0) }, limits)
    }
    let links = try HDF5Handle(operation, in: file.path, release: H5Pclose, open: caffe_h5_links_with_parents)
    _ = try HDF5Handle(operation, in: file.path, parent: handle, release: H5Dclose) {
      H5Dcreate2(handle.id, member, caffe_h5_float(), space.id, links.id, layout.id, caffe_h5_default())
    }
  }
}
