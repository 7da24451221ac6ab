internal import CaffeCore
internal import CaffeHDF5
package import CaffeProto
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
    _ = try watches(of: state, path)
    // The weights come first: a state without them must not change anything.
    if state.hasLearnedNet, !state.learnedNet.isEmpty {
      try net.copyWeights(fromFile: Self.locate(state.learnedNet, besides: path))
    }
    try restore(state, from: path)
    // Who looks at a test net now sees the restored weights.
    for net in testNets { try net.shareWeights(with: self.net) }
  }

  /// Takes over a state but for the weights.
  package func restore(_ state: SolverState, from path: String) throws {
    let watches = try watches(of: state, path)
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

  private func watches(of state: SolverState, _ path: String) throws(SolverError) -> (test: Watch, plateau: Watch) {
    do throws(SolverError) {
      return (try testWatch.restored(from: state.testState), try plateauWatch.restored(from: state.plateauState))
    } catch {
      throw error.located(in: path)
    }
  }

  private func restoreLayers(_ states: [LayerState]) throws {
    for (prefix, net) in statefulNets { try net.restoreLayers(from: states, prefix: prefix) }
  }

  /// The model that a state names: relative to the working directory, as it was written, or else beside the state.
  private static func locate(_ model: String, besides state: String) throws -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    let sibling = AtomicFile.directory(of: state) + "/" + name
    guard let path = [model, sibling].first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw SolverError(
        "the snapshot's weights are missing: \(model)", remedy: "put the .caffemodel beside the .solverstate",
        file: state)
    }
    return path
  }
}
