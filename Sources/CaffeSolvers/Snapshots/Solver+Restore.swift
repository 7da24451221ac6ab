internal import CaffeCore
internal import CaffeHDF5
internal import CaffeProto
internal import FoundationEssentials

extension Solver {
  /// Goes back to the state of a snapshot: weights, history, iteration, and the positions in data and random numbers.
  ///
  /// Snapshots of the original Caffe have no positions: their data start at the first item.
  public func restore(from path: String) throws {
    let state =
      path.hasSuffix(".h5") ? try SolverState(readingHDF5: path) : try BinaryProto.read(SolverState.self, path: path)
    guard state.iter >= 0 else { throw SolverError("the snapshot's iteration is \(state.iter)", file: path) }
    guard state.currentStep >= 0 else {
      throw SolverError("the snapshot's current_step is \(state.currentStep)", file: path)
    }
    let watches: (test: Watch, plateau: Watch)
    do {
      watches = try (testWatch.restored(from: state.testState), plateauWatch.restored(from: state.plateauState))
    } catch {
      throw error.located(in: path)
    }
    // The weights come first: a state without them must not change anything.
    if state.hasLearnedNet, !state.learnedNet.isEmpty {
      try net.copyWeights(fromFile: Self.locate(state.learnedNet, besides: path))
    }
    logger.info("SGDSolver: restoring history")
    guard state.history.count == history.count else {
      throw SolverError(
        "Incorrect length of history blobs.",
        remedy: """
          the snapshot has \(state.history.count), a \(definition.type) solver of this net has \(history.count); was it made \
          with another type of solver?
          """, file: path)
    }
    for (index, (blob, stored)) in zip(history, state.history).enumerated() {
      guard stored.hasShape(of: blob.shape) else {
        throw SolverError(
          "history blob \(index) has shape \(stored.shapeText), but its parameter has \(blob.shape)", file: path)
      }
      try blob.load(stored)
    }
    iteration = Int(state.iter)
    currentStep = Int(state.hasPlateauState ? state.plateauState.step : state.currentStep)
    (testWatch, plateauWatch) = watches
    endedEarly = false
    stateBeforeTest = nil
    carriedLosses = state.recentLosses.isEmpty ? nil : SmoothedLoss(recent: state.recentLosses)
    lastSnapshot = iteration
    try restoreLayers(state.layerState)
  }

  private func restoreLayers(_ states: [LayerState]) throws {
    let stored = Dictionary(states.map { ($0.layer, $0) }, uniquingKeysWith: { first, _ in first })
    for (prefix, net) in statefulNets {
      for node in net.layers {
        guard let state = stored[prefix + node.name] else { continue }
        if let layer = node.layer as? any StatefulLayer {
          try layer.restore(seed: state.seed, position: state.counter)
        } else if let layer = node.layer as? any CarryingLayer {
          try Self.restore(layer.carried, from: state.carried, layer: node.name)
        }
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

  /// The model that a state names: relative to the working directory, as it was written, or else beside the state.
  private static func locate(_ model: String, besides state: String) throws -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    let sibling = AtomicFile.folder(of: state) + "/" + name
    guard let path = [model, sibling].first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw SolverError(
        "the snapshot's weights are missing: \(model)", remedy: "put the .caffemodel beside the .solverstate",
        file: state)
    }
    return path
  }
}
