public import CaffeCore
internal import CaffeHDF5
internal import CaffeProto
internal import SwiftProtobuf

extension Net {
  /// Loads weights from a file: HDF5 if its signature says so, whatever its name, and a binary NetParameter otherwise.
  ///
  /// - Parameter isComplete: whether the file must have the weights of every layer.
  @discardableResult
  public func copyWeights(fromFile path: String, isComplete: Bool = false) throws -> WeightReport {
    if HDF5File.isHDF5(path) { return try copyWeights(fromHDF5: path, isComplete: isComplete) }
    try FileRole.weights.check(path)
    if let file = try WeightFile(path: path) { return try copyWeights(from: file, isComplete: isComplete) }
    return try copyWeights(from: NetParameter.read(binary: path), isComplete: isComplete)
  }

  /// Writes the net with its weights as a binary NetParameter or as HDF5: wholly or not at all.
  public func saveWeights(to path: String, asHDF5 isHDF5: Bool, withDiff: Bool = false) throws {
    if isHDF5 {
      try writeHDF5(to: path, withDiff: withDiff)
    } else {
      try AtomicFile.write(proto(withDiff: withDiff).serializedBytes() as [UInt8], to: path)
    }
  }
}
