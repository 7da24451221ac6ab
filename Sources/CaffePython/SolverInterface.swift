import Caffe

/// A solver with its nets, which share weights and therefore a lock.
final class SolverHandle {
  let solver: Solver
  let net: NetHandle
  let testNets: [NetHandle]

  init(_ solver: Solver) {
    self.solver = solver
    let lock = SharedLock()
    net = NetHandle(solver.net, lock: lock)
    testNets = solver.testNets.map { NetHandle($0, lock: lock) }
  }

  func attempt(_ work: (Solver) throws -> Void) -> CText? {
    net.lock.withLock {
      CaffePython.attempt {
        let nets = [solver.net] + solver.testNets
        for net in nets { net.acceptWritesThroughViews() }
        defer { for net in nets { net.updateViews() } }
        try work(solver)
      }
    }
  }
}

/// Builds a solver from a file; a type other than null replaces the file's.
@_cdecl("caffe_solver_create")
public func solverCreate(_ path: CString, _ type: CString?, _ result: UnsafeMutablePointer<Handle?>) -> CText? {
  attempt {
    var definition = try SolverDefinition(contentsOf: String(cString: path))
    if let type { definition.parameter.type = String(cString: type) }
    if definition.parameter.randomSeed >= 0 { Session.seed = UInt64(definition.parameter.randomSeed) }
    result.pointee = handle(SolverHandle(try Solver(definition, in: Session.environment())))
  }
}

/// The definition of a solver as prototxt, and its type.
@_cdecl("caffe_solver_definition")
public func solverDefinition(_ solver: Handle) -> CText {
  text(Prototxt.print(object(solver, SolverHandle.self).solver.definition))
}

@_cdecl("caffe_solver_net")
public func solverNet(_ solver: Handle) -> Handle { handle(object(solver, SolverHandle.self).net) }

@_cdecl("caffe_solver_test_net_count")
public func solverTestNetCount(_ solver: Handle) -> Int { object(solver, SolverHandle.self).testNets.count }

@_cdecl("caffe_solver_test_net")
public func solverTestNet(_ solver: Handle, _ index: Int) -> Handle {
  handle(object(solver, SolverHandle.self).testNets[index])
}

@_cdecl("caffe_solver_iteration")
public func solverIteration(_ solver: Handle) -> Int { object(solver, SolverHandle.self).solver.iteration }

@_cdecl("caffe_solver_learning_rate")
public func solverLearningRate(_ solver: Handle) -> Float { object(solver, SolverHandle.self).solver.learningRate() }

@_cdecl("caffe_solver_set_base_learning_rate")
public func solverSetBaseLearningRate(_ solver: Handle, _ rate: Float) -> CText? {
  object(solver, SolverHandle.self).attempt { try $0.setBaseLearningRate(rate) }
}

@_cdecl("caffe_solver_step")
public func solverStep(_ solver: Handle, _ count: Int) -> CText? {
  object(solver, SolverHandle.self).attempt { try $0.step(count) }
}

/// Trains to the end, from a snapshot if its path is not empty.
@_cdecl("caffe_solver_solve")
public func solverSolve(_ solver: Handle, _ snapshot: CString) -> CText? {
  let snapshot = String(cString: snapshot)
  return object(solver, SolverHandle.self).attempt { try $0.solve(resumingFrom: snapshot.isEmpty ? nil : snapshot) }
}

@_cdecl("caffe_solver_restore")
public func solverRestore(_ solver: Handle, _ snapshot: CString) -> CText? {
  object(solver, SolverHandle.self).attempt { try $0.restore(from: String(cString: snapshot)) }
}

@_cdecl("caffe_solver_snapshot")
public func solverSnapshot(_ solver: Handle) -> CText? {
  object(solver, SolverHandle.self).attempt { try $0.snapshot() }
}

@_cdecl("caffe_solver_apply_update")
public func solverApplyUpdate(_ solver: Handle) -> CText? {
  object(solver, SolverHandle.self).attempt { $0.applyUpdate() }
}

/// Calls a function of Python's with its number and 0 before the gradients of an iteration, 1 when they are there.
@_cdecl("caffe_solver_add_callback")
public func solverAddCallback(_ solver: Handle, _ number: Int, _ call: @convention(c) (Int, Int) -> CInt) -> CText? {
  object(solver, SolverHandle.self).attempt {
    $0.onStart.append { if call(number, 0) != 0 { throw RaisedInPython() } }
    $0.onGradientsReady.append { if call(number, 1) != 0 { throw RaisedInPython() } }
  }
}

/// Has a running solver ask Python, once an iteration and before each test batch, whether to stop: ctrl-C, for one.
@_cdecl("caffe_solver_set_interruption")
public func solverSetInterruption(_ solver: Handle, _ isInterrupted: @convention(c) () -> CInt) -> CText? {
  object(solver, SolverHandle.self).attempt { $0.requestedAction = { isInterrupted() == 0 ? .none : .stop } }
}
