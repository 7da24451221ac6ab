public import CaffeCore

extension Net {
  /// Loads weights from an HDF5 file: group `data`, in it a group for each layer with the blobs as datasets `0`, `1`, …, and
  /// maybe a group `diff` alike with gradients.
  ///
  /// A blob may be missing where the net shares it with a layer that owns it. Shapes must be equal. Nothing is loaded from a file
  /// that does not fit.
  ///
  /// - Parameter isComplete: whether the file must have the weights of every layer.
  /// - Throws: `HDF5Error` when the file cannot be read or holds no weights; `NetError` when a layer's blobs differ in
  ///   number or shape, or are missing.
  @discardableResult
  public func copyWeights(fromHDF5 path: String, isComplete: Bool = false) throws -> WeightReport {
    let file = try StoredLayers(reading: path)
    let places = LayerPlace.places(of: layers)
    var report = WeightReport()
    var found: Set<String> = []
    var loads: [(dataset: HDF5Dataset, target: Buffer)] = []
    for (index, node) in layers.enumerated() {
      let targets = parameters.filter { $0.layer == index }
      guard let place = try file.place(of: places[index], besides: places) else {
        if !targets.isEmpty { report.kept.append(node.name) }
        if isComplete, targets.contains(where: { !$0.isShared }) { throw node.lacksWeights() }
        continue
      }
      found.insert(place)
      let count = try file.blobCount(at: place)
      guard count <= targets.count else { throw node.hasOtherBlobCount(count) }
      for target in targets {
        let name = "\(target.index)"
        guard let dataset = try file.dataset(name, at: place) else {
          if target.isShared { continue }
          throw node.hasOtherBlobCount(count)
        }
        try dataset.requireShape(of: target, of: node)
        loads.append((dataset, target.blob.data))
        if let gradient = try file.dataset(name, at: place, gradient: true) {
          try gradient.requireShape(of: target, of: node)
          loads.append((gradient, target.blob.diff))
        }
      }
      if !targets.isEmpty { report.loaded.append(node.name) }
    }
    for load in loads { try load.dataset.read(into: load.target.uninitializedValues) }

    for (place, hasBlobs) in try file.layers() where !found.contains(place) {
      let name = LayerPlace(path: place).name
      logger.info("Ignoring source layer \(name)")
      report.ignored.append(name)
      if hasBlobs { report.unused.append(name) }
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
    try group.setAttribute(LayerPlace.attribute.name, to: LayerPlace.attribute.value)
    for (index, (node, place)) in zip(layers, LayerPlace.places(of: layers)).enumerated() {
      guard let path = place.path else {
        throw node.place(
          NetError("a name with a zero byte cannot be stored in HDF5", remedy: "rename the layer"))
      }
      let target = try group.contains(path) ? group.group(path) : group.createGroup(path)
      for parameter in parameters where parameter.layer == index && !parameter.isShared {
        let shape = parameter.blob.shape.dimensions
        try target.write(buffer(parameter.blob).values, shape: shape, to: "\(parameter.index)")
      }
    }
  }
}

/// The layers in a file of weights.
private struct StoredLayers {
  private let root: HDF5Group
  private let data: HDF5Group
  private let diff: HDF5Group?
  /// Whether a layer's name may have been taken for a path, as the original does.
  private let mayBePlain: Bool

  init(reading path: String) throws {
    root = try HDF5File(reading: path, isConfined: true).root
    guard let data = try root.groupIfThere("data") else {
      throw HDF5Error(file: path, operation: "load weights", reason: try root.whyNoWeights())
    }
    self.data = data
    diff = try root.groupIfThere("diff")
    mayBePlain = try !data.hasAttribute(LayerPlace.attribute.name)
  }

  /// The path of a layer's group, or nil if the file has none.
  ///
  /// - Parameter places: those of all layers of the net: what belongs to one is not taken for another.
  func place(of layer: LayerPlace, besides places: [LayerPlace]) throws -> String? {
    guard let path = layer.path else { return nil }
    if try isLayer(path) { return path }
    guard mayBePlain, let plain = layer.plainPath else { return nil }
    if plain.hasPrefix("/") {
      let top = plain.split(separator: "/")[0]
      return try top != "data" && top != "diff" && root.groupIfThere(plain) != nil ? plain : nil
    }
    guard !places.contains(where: { $0.path == plain }) else { return nil }
    return try isLayer(plain) ? plain : nil
  }

  /// Whether there is a group that is not just on the way to those of other layers: `a` for `a/b`.
  private func isLayer(_ path: String) throws -> Bool {
    guard let group = try data.groupIfThere(path) else { return false }
    return try group.names().isEmpty || blobCount(at: path) > 0
  }

  /// A blob of the layer at a place.
  func dataset(_ name: String, at place: String, gradient: Bool = false) throws -> HDF5Dataset? {
    let group = place.hasPrefix("/") ? (gradient ? nil : root) : gradient ? diff : data
    guard let layer = try group?.groupIfThere(place), try layer.contains(name), try layer.kind(of: name) == .dataset
    else { return nil }
    return try layer.dataset(name)
  }

  /// How many blobs the layer at a place has: one more than the greatest number that a dataset bears.
  func blobCount(at place: String) throws -> Int {
    let group = place.hasPrefix("/") ? root : data
    guard let layer = try group.groupIfThere(place) else { return 0 }
    return try layer.names().reduce(0) { count, name in
      guard let number = Int(name), number >= count, try layer.kind(of: name) == .dataset else { return count }
      return number == .max ? number : number + 1
    }
  }

  /// The places of all layers in the file, and whether there are blobs of theirs.
  func layers() throws -> [(place: String, hasBlobs: Bool)] {
    let members = try data.allMembers()
    var hasMembers: Set<String> = []
    var hasBlobs: Set<String> = []
    for (path, kind) in members {
      guard let slash = path.lastIndex(of: "/") else { continue }
      let parent = String(path[..<slash])
      hasMembers.insert(parent)
      if kind == .dataset, Int(path[path.index(after: slash)...]) != nil { hasBlobs.insert(parent) }
    }
    return members.compactMap { path, kind in
      kind == .group && (hasBlobs.contains(path) || !hasMembers.contains(path))
        ? (path, hasBlobs.contains(path)) : nil
    }
  }
}

extension HDF5Group {
  /// What is there instead of the weights of a net.
  fileprivate func whyNoWeights() throws(HDF5Error) -> String {
    if try contains("iter"), try contains("history") {
      return "it is the state of a solver (.solverstate.h5), not weights; resume from it with -snapshot, or give the "
        + ".caffemodel.h5 of the same name"
    }
    for attribute in ["keras_version", "layer_names"] where try hasAttribute(attribute) {
      return "it is a model of Keras; convert it to Caffe's form first"
    }
    let names = try names()
    return "it has no group \"data\"" + (names.isEmpty ? "" : ", but \(names.prefix(5).joined(separator: ", "))")
      + "; weights are files named .caffemodel.h5, which training writes"
  }
}

extension HDF5Dataset {
  fileprivate func requireShape(of target: Net.Parameter, of node: LayerNode) throws {
    guard shape == target.blob.shape.dimensions else {
      let stored = shape.map { "\($0) " }.joined() + "(\(count))"
      throw node.place(Net.shapeMismatch(node.name, target.index, stored, target.blob.shape))
    }
    try requireNumbers()
  }
}

extension LayerNode {
  fileprivate func hasOtherBlobCount(_ count: Int) -> NetError {
    place(
      NetError(
        "Incompatible number of blobs for layer \(name)",
        remedy: Net.remedy(for: self, storedBlobs: count)))
  }

  fileprivate func lacksWeights() -> NetError { place(Net.missingWeights(of: name)) }

  /// Adds the layer's name and place; what its bottoms look like says nothing about a file.
  fileprivate func place(_ error: NetError) -> NetError {
    var located = error
    located.layer = name
    located.layerType = type
    located.location = location
    return located
  }
}
