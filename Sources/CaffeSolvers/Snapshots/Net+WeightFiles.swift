public import CaffeCore
internal import CaffeHDF5
internal import CaffeProto

extension Net {
  /// Loads weights from a file: HDF5 if its signature says so, whatever its name, and a binary NetParameter otherwise.
  @discardableResult
  public func copyWeights(fromFile path: String) throws -> WeightReport {
    if HDF5File.isHDF5(path) { return try copyWeights(fromHDF5: path) }
    return try copyWeights(from: NetParameter.read(binary: path))
  }
}
