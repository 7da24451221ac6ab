import Caffe
import FoundationEssentials

/// A solver as bytes, for copies, pickles and other processes: its settings, its state as a snapshot holds it, and its nets.
extension SolverHandle {
  func parcel() throws -> Parcel {
    var state = solver.state(of: "")
    state.history = solver.history.map { $0.proto() }
    let nets = try nets.map { try $0.net.parcel().bytes }
    return Parcel([Array(Prototxt.print(solver.definition).utf8), try BinaryProto.bytes(of: state)] + nets)
  }

  static func copy(from parcel: UnsafeBufferPointer<UInt8>) throws -> SolverHandle {
    let parts = try Parcel.parts(of: parcel)
    guard parts.count >= 3 else { throw Parcel.damaged }
    var definition = try SolverDefinition(text: String(decoding: parts[0], as: UTF8.self), file: "a copy")
    let state = try BinaryProto.parse(SolverState.self, bytes: parts[1], file: "a copy")
    let nets = try parts.dropFirst(2).map { part in
      try part.withUnsafeBytes { try Parcel.parts(of: $0.bindMemory(to: UInt8.self)) }
    }
    // The nets come with the parcel, and each with its phase, level and stages: no files are asked for.
    let parameter = definition.parameter
    definition.parameter.clearNet()
    definition.parameter.clearNetParam()
    definition.parameter.clearTrainNet()
    definition.parameter.testNet = []
    definition.parameter.clearTrainState()
    definition.parameter.testState = []
    definition.parameter.weights = []
    definition.parameter.trainNetParam = try Net.definition(in: nets[0])
    definition.parameter.testNetParam = try nets.dropFirst().map(Net.definition)
    let solver = try Solver(definition, in: Session.environment(ofCopyOf: nets[0]))
    solver.adoptDefinition(parameter)
    let copy = SolverHandle(solver)
    guard copy.nets.count == nets.count else { throw Parcel.damaged }
    for (net, parts) in zip(copy.nets, nets) { try net.net.takeState(of: parts) }
    guard state.history.count == solver.history.count else { throw Parcel.damaged }
    try solver.restore(state, from: "a copy")
    return copy
  }
}

/// Packs a solver into bytes.
@_cdecl("caffe_solver_pack")
public func solverPack(_ solver: Handle?, _ bytes: Place?, _ count: UnsafeMutablePointer<Int>?) -> CText? {
  attempt {
    let solver = try object(solver, SolverHandle.self)
    try solver.net.lock.withLock {
      for net in solver.nets { net.net.acceptWritesThroughViews() }
      try give(solver.parcel().bytes, bytes, count)
    }
  }
}

/// Builds a solver from the bytes of another.
@_cdecl("caffe_solver_unpack")
public func solverUnpack(_ bytes: UnsafePointer<UInt8>?, _ count: Int, _ result: Place?) -> CText? {
  attempt {
    let result = try required(result, "the solver")
    result.pointee = handle(try SolverHandle.copy(from: values(bytes, count, "bytes")))
  }
}
