internal import CaffeCore
internal import CaffeProto

extension Restrictions {
  /// Makes sure that a solver that is not trusted names no files outside of its folder.
  func checkSolver(_ solver: SolverParameter) throws {
    let nets = [solver.net, solver.trainNet] + solver.testNet
    let weights = solver.weights.flatMap(SolverNets.paths(in:))
    // The prefix is the beginning of names: what counts is the folder that they lie in.
    let snapshots = solver.snapshotPrefix.isEmpty ? [] : [solver.snapshotPrefix + "_iter_0"]
    for path in nets + weights + snapshots where !path.isEmpty {
      do { try check(path) } catch { throw SolverError(error.problem, remedy: error.remedy) }
    }
  }

  /// Makes sure that what the update rule remembers, beside the parameters and their gradients, stays within the limit.
  func check(history count: Int, of net: Net) throws {
    let bytes = net.learnableParameters.reduce(0) { $0 + $1.blob.count * MemoryLayout<Float>.stride * (2 + count) }
    do { try check(bytes: bytes, for: "the parameters with what the solver remembers of them") } catch {
      throw SolverError(error.problem, remedy: error.remedy)
    }
  }
}
