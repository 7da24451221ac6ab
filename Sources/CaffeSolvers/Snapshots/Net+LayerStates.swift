package import CaffeCore
package import CaffeProto

/// What layers know besides their weights: positions in data and random numbers, values that pass from one pass to the next.
extension Net {
  /// - Parameter prefix: what tells this net's layers from those of others in one list.
  package func layerStates(prefix: String = "") -> [LayerState] {
    layers.compactMap { node in
      var entry = LayerState()
      entry.layer = prefix + node.name
      if let layer = node.layer as? any StatefulLayer {
        entry.seed = layer.seed
        entry.counter = layer.position
      } else if let layer = node.layer as? any CarryingLayer {
        entry.carried = layer.carried.map { Blob([$0.count], Array($0.values)).proto() }
      } else {
        return nil
      }
      return entry
    }
  }

  /// Takes over the states of the layers of the same names.
  package func restoreLayers(from states: [LayerState], prefix: String = "") throws {
    try checkLayers(states, prefix: prefix)
    for (node, state) in layers(with: states, prefix) {
      if let layer = node.layer as? any StatefulLayer {
        try layer.restore(seed: state.seed, position: state.counter)
      } else if let layer = node.layer as? any CarryingLayer {
        for (buffer, blob) in zip(layer.carried, state.carried) {
          _ = buffer.uninitializedValues.update(from: blob.data)
        }
      }
    }
  }

  /// Makes sure that carried values have the sizes of this net's.
  func checkLayers(_ states: [LayerState], prefix: String = "") throws(SolverError) {
    for (node, state) in layers(with: states, prefix) {
      guard let layer = node.layer as? any CarryingLayer else { continue }
      guard layer.carried.map(\.count) == state.carried.map(\.data.count) else {
        throw SolverError(
          "the state that layer '\(node.name)' carries has another size in the snapshot than in the net",
          remedy: "resume with the batch size of the run that wrote the snapshot")
      }
    }
  }

  /// The layers for which there is a state.
  private func layers(with states: [LayerState], _ prefix: String) -> [(node: LayerNode, state: LayerState)] {
    let stored = Dictionary(states.map { ($0.layer, $0) }, uniquingKeysWith: { first, _ in first })
    return layers.compactMap { node in stored[prefix + node.name].map { (node, $0) } }
  }
}
