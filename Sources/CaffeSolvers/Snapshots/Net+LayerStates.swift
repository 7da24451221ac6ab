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
    let stored = Dictionary(states.map { ($0.layer, $0) }, uniquingKeysWith: { first, _ in first })
    for node in layers {
      guard let state = stored[prefix + node.name] else { continue }
      if let layer = node.layer as? any StatefulLayer {
        try layer.restore(seed: state.seed, position: state.counter)
      } else if let layer = node.layer as? any CarryingLayer {
        try Self.restore(layer.carried, from: state.carried, layer: node.name)
      }
    }
  }

  private static func restore(_ carried: [Buffer], from stored: [BlobProto], layer: String) throws {
    guard carried.map(\.count) == stored.map(\.data.count) else {
      throw SolverError(
        "the state that layer '\(layer)' carries has another size in the snapshot than in the net",
        remedy: "resume with the batch size of the run that wrote the snapshot")
    }
    for (buffer, blob) in zip(carried, stored) { _ = buffer.uninitializedValues.update(from: blob.data) }
  }
}
