internal import CaffeCore
internal import CaffeHDF5
package import CaffeProto
internal import FoundationEssentials

extension Solver {
  /// Goes back to the state of a snapshot: weights, history, iteration, and the positions in data and random numbers.
  ///
  /// Snapshots of the original Caffe have no positions: their data start at the first item.
  public func restore(from path: String) throws {
    let state = try Self.readState(path)
    guard state.iter >= 0 else { throw SolverError("the snapshot's iteration is \(state.iter)", file: path) }
    guard state.currentStep >= 0 else {
      throw SolverError("the snapshot's current_step is \(state.currentStep)", file: path)
    }
    // A state that does not fit, or has no weights, must not change anything.
    _ = try check(state, path)
    guard !state.learnedNet.isEmpty else {
      throw SolverError(
        "the snapshot names no weights, without which training cannot go on from it",
        remedy: "start from a .caffemodel with weights in place of a snapshot", file: path)
    }
    try net.copyWeights(fromFile: locate(state.learnedNet, besides: path), isComplete: true)
    try restore(state, from: path)
    // Test nets show the restored weights at once.
    for net in testNets { try net.shareWeights(with: self.net) }
  }

  /// Takes over a state but for the weights.
  package func restore(_ state: SolverState, from path: String) throws {
    let watches = try check(state, path)
    logger.info("SGDSolver: restoring history")
    for (blob, stored) in zip(history, state.history) { try blob.load(stored) }
    iteration = Int(state.iter)
    currentStep = Int(state.hasPlateauState ? state.plateauState.step : state.currentStep)
    (testWatch, plateauWatch) = watches
    endedEarly = false
    stateBeforeTest = nil
    carriedLosses = state.recentLosses.isEmpty ? nil : SmoothedLoss(recent: state.recentLosses)
    lastSnapshot = iteration
    for (prefix, net) in statefulNets { try net.restoreLayers(from: state.layerState, prefix: prefix) }
  }

  /// Makes sure that a state belongs to a solver like this one.
  private func check(_ state: SolverState, _ path: String) throws -> (test: Watch, plateau: Watch) {
    // Layers count on from here, and no run comes that far.
    if let layer = state.layerState.first(where: { $0.counter > 1 << 62 }) {
      throw SolverError("the snapshot is damaged: layer '\(layer.layer)' is at item \(layer.counter)", file: path)
    }
    guard state.history.count == history.count else {
      throw SolverError(
        "Incorrect length of history blobs.",
        remedy: """
          the snapshot has \(state.history.count), a \(definition.type) solver of this net has \(history.count); was it made \
          with another type of solver?
          """, file: path)
    }
    for (index, (blob, stored)) in zip(history, state.history).enumerated() {
      guard stored.hasShape(of: blob.shape), max(stored.data.count, stored.doubleData.count) == blob.count else {
        throw SolverError(
          "history blob \(index) has shape \(stored.shapeText), but its parameter has \(blob.shape)", file: path)
      }
    }
    for (prefix, net) in statefulNets { try net.checkLayers(state.layerState, prefix: prefix) }
    do throws(SolverError) {
      return (try testWatch.restored(from: state.testState), try plateauWatch.restored(from: state.plateauState))
    } catch {
      throw error.located(in: path)
    }
  }

  /// A state in the form that its bytes show, whatever its name.
  private static func readState(_ path: String) throws -> SolverState {
    if HDF5File.isHDF5(path) { return try SolverState(readingHDF5: path) }
    try FileRole.solverState.check(path)
    return try BinaryProto.read(SolverState.self, path: path)
  }

  /// The model that a state names: relative to the working directory, as it was written, or else beside the state.
  ///
  /// A state that is not trusted may only name files in its own folder, or in the solver's.
  private func locate(_ model: String, besides state: String) throws -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    let sibling = AtomicFile.folder(of: state) + "/" + name
    guard let path = [model, sibling].first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw SolverError(
        "the snapshot's weights are missing: \(model)", remedy: "put the .caffemodel beside the .solverstate",
        file: state)
    }
    guard let restrictions else { return path }
    let allowed = try Restrictions(besides: state, memoryLimit: restrictions.memoryLimit)
    for candidate in [model, sibling] where FileManager.default.fileExists(atPath: candidate) {
      if (try? restrictions.check(candidate)) != nil || (try? allowed.check(candidate)) != nil { return candidate }
    }
    try allowed.check(path)
    return path
  }
}
