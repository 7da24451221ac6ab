import Caffe

/// A solver with its nets, which share weights and therefore a lock.
final class SolverHandle: Handled {
  static let noun = "solver"

  let solver: Solver
  let net: NetHandle
  let testNets: [NetHandle]

  init(_ solver: Solver) {
    self.solver = solver
    let lock = SharedLock()
    net = NetHandle(solver.net, lock: lock)
    testNets = solver.testNets.map { NetHandle($0, lock: lock) }
  }

  var nets: [NetHandle] { [net] + testNets }

  func attempt(_ work: (Solver) throws -> Void) -> CText? {
    CaffePython.attempt {
      try net.lock.withLock {
        for net in nets { net.net.acceptWritesThroughViews() }
        defer { for net in nets { net.net.updateViews() } }
        try work(solver)
      }
    }
  }
}

/// Does something with the solver and its nets.
private func using(_ solver: Handle?, _ work: (Solver) throws -> Void) -> CText? {
  do throws(NetError) { return try object(solver, SolverHandle.self).attempt(work) } catch { return text("\(error)") }
}

/// Runs the solver; its nets have seen the shapes of all blobs then.
private func training(_ solver: Handle?, _ work: (Solver) throws -> Void) -> CText? {
  do throws(NetError) {
    let solver = try object(solver, SolverHandle.self)
    return solver.attempt {
      for net in solver.nets { try net.refuseInBackward() }
      let training = $0
      try solver.net.nested { try work(training) }
      for net in solver.nets { net.settle() }
    }
  } catch { return text("\(error)") }
}

/// Builds a solver from a file; a type other than null replaces the file's.
@_cdecl("caffe_solver_create")
public func solverCreate(_ path: CString?, _ type: CString?, _ result: Place?) -> CText? {
  attempt {
    var definition = try SolverDefinition(contentsOf: string(path, "the path"))
    if let type { definition.parameter.type = String(cString: type) }
    let result = try required(result, "the solver")
    if definition.parameter.randomSeed >= 0 { Session.seed = UInt64(definition.parameter.randomSeed) }
    result.pointee = handle(SolverHandle(try Solver(definition, in: Session.environment())))
  }
}

/// The definition of a solver as prototxt, and its type.
@_cdecl("caffe_solver_definition")
public func solverDefinition(_ solver: Handle?) -> CText? {
  guard let solver = try? object(solver, SolverHandle.self) else { return nil }
  return (try? solver.net.lock.withLock { Prototxt.print(solver.solver.definition) }).map(text)
}

/// Changes those settings of a solver that count while it trains to those of a prototxt.
@_cdecl("caffe_solver_set_definition")
public func solverSetDefinition(_ solver: Handle?, _ definition: CString?) -> CText? {
  using(solver) {
    let definition = try SolverDefinition(text: string(definition, "the definition"), file: "solver.param")
    try $0.change(to: definition.parameter)
  }
}

@_cdecl("caffe_solver_net")
public func solverNet(_ solver: Handle?) -> Handle? { (try? object(solver, SolverHandle.self)).map { handle($0.net) } }

@_cdecl("caffe_solver_test_net_count")
public func solverTestNetCount(_ solver: Handle?) -> Int {
  (try? object(solver, SolverHandle.self))?.testNets.count ?? -1
}

@_cdecl("caffe_solver_test_net")
public func solverTestNet(_ solver: Handle?, _ index: Int) -> Handle? {
  guard let nets = (try? object(solver, SolverHandle.self))?.testNets, nets.indices.contains(index) else { return nil }
  return handle(nets[index])
}

@_cdecl("caffe_solver_iteration")
public func solverIteration(_ solver: Handle?) -> Int {
  (try? object(solver, SolverHandle.self))?.solver.iteration ?? -1
}

@_cdecl("caffe_solver_learning_rate")
public func solverLearningRate(_ solver: Handle?) -> Float {
  // Without the lock, so that it can be watched while another thread trains.
  (try? object(solver, SolverHandle.self))?.solver.learningRate() ?? .nan
}

@_cdecl("caffe_solver_step")
public func solverStep(_ solver: Handle?, _ count: Int) -> CText? {
  training(solver) {
    let most = Int(Int32.max) - $0.iteration
    guard count >= 0, count <= most else {
      throw NetError("step(\(count)) cannot be: a solver makes 0 to \(most) updates from here")
    }
    try $0.step(count)
  }
}

/// Trains to the end, from a snapshot if its path is not empty.
@_cdecl("caffe_solver_solve")
public func solverSolve(_ solver: Handle?, _ snapshot: CString?) -> CText? {
  training(solver) {
    let snapshot = try string(snapshot, "the path")
    try $0.solve(resumingFrom: snapshot.isEmpty ? nil : snapshot)
  }
}

@_cdecl("caffe_solver_restore")
public func solverRestore(_ solver: Handle?, _ snapshot: CString?) -> CText? {
  using(solver) { try $0.restore(from: string(snapshot, "the path")) }
}

@_cdecl("caffe_solver_snapshot")
public func solverSnapshot(_ solver: Handle?) -> CText? { using(solver) { try $0.snapshot() } }

@_cdecl("caffe_solver_apply_update")
public func solverApplyUpdate(_ solver: Handle?) -> CText? {
  using(solver) {
    guard $0.iteration < Int(Int32.max) else { throw NetError("no iterations are left") }
    $0.applyUpdate()
  }
}

/// Calls a function of Python's with its number and 0 before the gradients of an iteration, 1 when they are there.
@_cdecl("caffe_solver_add_callback")
public func solverAddCallback(_ solver: Handle?, _ number: Int, _ call: (@convention(c) (Int, Int) -> CInt)?) -> CText?
{
  using(solver) {
    let call = try required(call, "the function")
    $0.onStart.append { if call(number, 0) != 0 { throw RaisedInPython() } }
    $0.onGradientsReady.append { if call(number, 1) != 0 { throw RaisedInPython() } }
  }
}

/// Has a running solver ask Python, once an iteration and before each test batch, whether to stop: ctrl-C, for one.
@_cdecl("caffe_solver_set_interruption")
public func solverSetInterruption(_ solver: Handle?, _ isInterrupted: (@convention(c) () -> CInt)?) -> CText? {
  using(solver) {
    let isInterrupted = try required(isInterrupted, "the function")
    $0.requestedAction = { isInterrupted() == 0 ? .none : .stop }
  }
}
