internal import CaffeCore
internal import CaffeHDF5
package import CaffeProto
internal import SwiftProtobuf

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Solver {
  /// Writes the net and the solver's state as `<prefix>_iter_<n>.caffemodel` and `.solverstate` (with `.h5` behind them for
  /// `snapshot_format: HDF5`), so that training can go on from here.
  ///
  /// Each file is there wholly or not at all, and the state only after the net.
  ///
  /// - Returns: the path of the state.
  @discardableResult
  public func snapshot() throws -> String {
    let base = "\(definition.snapshotPrefix)_iter_\(iteration)"
    let model = "\(base).caffemodel\(suffix)"
    let state = "\(base).solverstate\(suffix)"
    try checkPlace(of: state)
    try writeModel(model)
    logger.info("Snapshotting solver state to \(form) file \(state)")
    if isHDF5 {
      try self.state(of: model).writeHDF5(to: state, history: history)
    } else {
      var proto = self.state(of: model)
      proto.history = history.map { $0.proto() }
      try AtomicFile.write(proto.serializedBytes() as [UInt8], to: state)
    }
    lastSnapshot = iteration
    return state
  }

  /// Writes a snapshot during training. A disk that is full must not cost the training state, which is in memory: the failure
  /// is logged and training goes on, to the next snapshot.
  func trySnapshot() {
    do { try snapshot() } catch {
      logger.error("\(error)\nThe snapshot of iteration \(iteration) was not written; training goes on.")
    }
  }

  /// Writes the weights alone as `<prefix>_best.caffemodel` (`.h5` behind it for HDF5), in place of those that were best before.
  func trySnapshotBest() {
    let model = "\(definition.snapshotPrefix)_best.caffemodel\(suffix)"
    do { try writeModel(model) } catch {
      logger.error(
        "\(error)\nThe weights of iteration \(iteration), the best so far, were not written; training goes on.")
    }
  }

  private var isHDF5: Bool { definition.snapshotFormat == .hdf5 }
  private var suffix: String { isHDF5 ? ".h5" : "" }
  private var form: String { isHDF5 ? "HDF5" : "binary proto" }

  /// A link of this name, in the folder of a solver that is not trusted, may lead anywhere.
  private func checkPlace(of path: String) throws(SolverError) {
    do { try restrictions?.check(path) } catch { throw SolverError(error.problem, remedy: error.remedy) }
  }

  private func writeModel(_ path: String) throws {
    try checkPlace(of: path)
    logger.info("Snapshotting to \(form) file \(path)")
    try net.saveWeights(to: path, asHDF5: isHDF5, withDiff: definition.snapshotDiff)
  }

  /// All but the weights and the history.
  package func state(of model: String) -> SolverState {
    var state = stateBeforeTest ?? stateOfTests()
    state.iter = Int32(clamping: iteration)
    state.learnedNet = model
    state.currentStep = Int32(clamping: currentStep)
    state.recentLosses = losses.recent
    state.layerState = net.layerStates() + state.layerState
    return state
  }

  /// The part of a snapshot that tests change.
  ///
  /// A test that no update has followed yet is made again by a resumed run. Snapshots in between take this part from before
  /// the test, so that it meets the same data and nothing counts twice.
  func stateOfTests() -> SolverState {
    var state = SolverState()
    if policy is PlateauPolicy { state.plateauState = plateauWatch.state(step: currentStep) }
    if monitor != nil { state.testState = testWatch.state() }
    state.layerState = statefulNets.dropFirst().flatMap { $0.net.layerStates(prefix: $0.prefix) }
    return state
  }

  /// The nets whose layers' states belong to a snapshot, the train net first, each with what tells its layers from the others'.
  var statefulNets: [(prefix: String, net: Net)] {
    [("", net)] + testNets.enumerated().map { ("test net #\($0)/", $1) }
  }

  /// Makes sure before any work is done that snapshots can be written.
  static func probeSnapshotPrefix(_ prefix: String) throws {
    let probe = "\(prefix).\(getpid()).probe"
    guard FileDescriptor(opening: probe, O_WRONLY | O_CREAT) != nil else {
      throw SolverError(
        "Cannot write to snapshot prefix '\(prefix)'.  Make sure that the directory exists and is writable.",
        remedy: FileWriteError("create", probe).problem)
    }
    unlink(probe)
  }
}
