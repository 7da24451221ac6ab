internal import CaffeProto

/// Lets parameters that bear one name live in one memory: that of the first layer which has it, the owner.
struct ParameterSharing {
  /// The owner of each name, as a number in `net.parameters`.
  private var owners: [String: Int] = [:]
  /// The owner of each shared parameter.
  private var ownerOf: [Int: Int] = [:]

  mutating func addParameters(of node: LayerNode, _ layer: Int, to net: Net) throws {
    let blobs = node.layer.parameters
    let specifications = node.definition.param
    guard specifications.count <= blobs.count else {
      throw NetError(
        "Too many params specified for layer \(node.name)",
        remedy: "the layer has \(blobs.count) parameters, but the prototxt has \(specifications.count) param { } for it"
      )
    }
    for (index, blob) in blobs.enumerated() {
      let specification = index < specifications.count ? specifications[index] : ParamSpec()
      let displayName = specification.name.isEmpty ? "\(index)" : specification.name
      if !specification.name.isEmpty, let owner = owners[specification.name] {
        try share(specification, blob, node, with: owner, in: net)
        ownerOf[net.parameters.count] = owner
        net.parameters.append(
          Net.Parameter(
            blob: blob, layer: layer, index: index, displayName: displayName,
            learnable: net.parameters[owner].learnable,
            isShared: true))
      } else {
        if !specification.name.isEmpty { owners[specification.name] = net.parameters.count }
        net.parameters.append(
          Net.Parameter(
            blob: blob, layer: layer, index: index, displayName: displayName, learnable: net.learnableParameters.count,
            isShared: false))
        net.learnableParameters.append(
          Net.LearnableParameter(
            blob: blob, rateFactor: specification.hasLrMult ? specification.lrMult : nil,
            decayFactor: specification.hasDecayMult ? specification.decayMult : nil))
      }
    }
  }

  /// Makes every shared parameter use its owner's memory, values and gradients.
  func apply(to net: Net) {
    for (shared, owner) in ownerOf {
      net.parameters[shared].blob.shareData(of: net.parameters[owner].blob)
      net.parameters[shared].blob.shareDiff(of: net.parameters[owner].blob)
    }
  }

  private func share(_ specification: ParamSpec, _ blob: Blob, _ node: LayerNode, with owner: Int, in net: Net) throws {
    let owning = net.parameters[owner]
    let ownerName = net.layers[safe: owning.layer]?.name ?? node.name
    let name = specification.name
    net.logger.info("Sharing parameters '\(name)' owned by layer '\(ownerName)', param index \(owning.index)")
    let isPermissive = specification.shareMode == .permissive
    guard isPermissive ? blob.count == owning.blob.count : blob.shape == owning.blob.shape else {
      throw NetError(
        """
        Cannot share param '\(name)' owned by layer '\(ownerName)' with layer '\(node.name)'; \
        \(isPermissive ? "count" : "shape") mismatch.  Owner layer param shape is \(owning.blob.shape); sharing layer \
        \(isPermissive ? "shape is" : "expects shape") \(blob.shape)
        """)
    }
    try agree(
      specification.hasLrMult ? specification.lrMult : nil, with: &net.learnableParameters[owning.learnable].rateFactor,
      "lr_mult", of: name)
    try agree(
      specification.hasDecayMult ? specification.decayMult : nil,
      with: &net.learnableParameters[owning.learnable].decayFactor, "decay_mult", of: name)
  }

  private func agree(_ given: Float?, with known: inout Float?, _ field: String, of name: String) throws {
    guard let given else { return }
    if let known, known != given {
      throw NetError(
        "Shared param '\(name)' has mismatched \(field).", remedy: "the owner has \(known), this layer says \(given)")
    }
    known = given
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
