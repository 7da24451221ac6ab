public import CaffeCore

extension Net {
  /// Loads weights from an HDF5 file: group `data`, in it a group for each layer with the blobs as datasets `0`, `1`, …, and
  /// maybe a group `diff` alike with gradients.
  ///
  /// A blob may be missing where the net shares it with a layer that owns it. Shapes must be equal.
  ///
  /// - Throws: `HDF5Error` when the file cannot be read or holds no weights; `NetError` when a layer's blobs differ in
  ///   number or shape.
  @discardableResult
  public func copyWeights(fromHDF5 path: String) throws -> WeightReport {
    let root = try HDF5File(reading: path).root
    guard try root.contains("data"), try root.kind(of: "data") == .group else {
      throw HDF5Error(
        file: path, operation: "load weights",
        reason: "it has no group \"data\"; weights are files named .caffemodel.h5, which training writes")
    }
    let data = try root.group("data")
    let diff = try root.contains("diff") ? root.group("diff") : nil

    var report = WeightReport()
    for (index, node) in layers.enumerated() {
      let targets = parameters.filter { $0.layer == index }
      guard try data.contains(node.name), try data.kind(of: node.name) == .group else {
        if !targets.isEmpty { report.kept.append(node.name) }
        continue
      }
      let stored = try data.group(node.name)
      let gradients = try diff.flatMap { try $0.contains(node.name) ? $0.group(node.name) : nil }
      guard try !stored.contains("\(targets.count)") else { throw node.hasOtherBlobCount(targets.count) }
      for target in targets {
        let name = "\(target.index)"
        guard try stored.contains(name) else {
          if target.isShared { continue }
          throw node.hasOtherBlobCount(targets.count)
        }
        try stored.dataset(name).read(into: target, of: node) { $0.data }
        if let gradients, try gradients.contains(name) {
          try gradients.dataset(name).read(into: target, of: node) { $0.diff }
        }
      }
      if !targets.isEmpty { report.loaded.append(node.name) }
    }

    // Layer names may contain slashes, so a group may also be the first part of some names.
    let known = layers.map(\.name)
    report.ignored = try data.names().filter { name in !known.contains { $0 == name || $0.hasPrefix(name + "/") } }
    for name in report.ignored {
      logger.info("Ignoring source layer \(name)")
      if try data.kind(of: name) == .group, try !data.group(name).names().isEmpty { report.unused.append(name) }
    }
    return report
  }

  /// Writes the weights as an HDF5 file that `copyWeights(fromHDF5:)` and Caffe read; a shared blob is stored with its owner.
  public func writeHDF5(to path: String, withDiff: Bool = false) throws {
    let file = try HDF5File(inMemoryFor: path)
    try write(to: file.root.createGroup("data")) { $0.data }
    if withDiff { try write(to: file.root.createGroup("diff")) { $0.diff } }
    try file.save()
  }

  private func write(to group: HDF5Group, _ buffer: (Blob) -> Buffer) throws {
    for (index, node) in layers.enumerated() {
      let place = try group.contains(node.name) ? group.group(node.name) : group.createGroup(node.name)
      for parameter in parameters where parameter.layer == index && !parameter.isShared {
        let shape = parameter.blob.shape.dimensions
        try place.write(buffer(parameter.blob).values, shape: shape, to: "\(parameter.index)")
      }
    }
  }
}

extension HDF5Dataset {
  /// Fills a parameter's values or gradients, if they have the dataset's shape.
  fileprivate func read(into target: Net.Parameter, of node: LayerNode, _ buffer: (Blob) -> Buffer) throws {
    guard shape == target.blob.shape.dimensions else {
      let stored = shape.map { "\($0) " }.joined() + "(\(count))"
      throw node.located(Net.shapeMismatch(node.name, target.index, stored, target.blob.shape))
    }
    try read(into: buffer(target.blob).uninitializedValues)
  }
}

extension LayerNode {
  fileprivate func hasOtherBlobCount(_ count: Int) -> NetError {
    located(
      NetError(
        "Incompatible number of blobs for layer \(name)",
        remedy: "the net has \(count), the file has more or fewer; rename the layer to learn it anew"))
  }

  fileprivate func located(_ error: NetError) -> NetError {
    var located = error
    located.layer = name
    located.layerType = type
    located.location = location
    return located
  }
}
