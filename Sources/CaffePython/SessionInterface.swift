import Caffe
import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the variable holds now, even if Python set it.
func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

@_cdecl("caffe_set_random_seed")
public func setRandomSeed(_ seed: UInt64) { Session.seed = seed }

/// The precision of nets from now on by its name; nothing leaves it to their definitions.
@_cdecl("caffe_set_precision")
public func setPrecision(_ name: CString?) -> CText? {
  attempt { Session.precision = try choice(name, "precision", Precision.init(name:)) }
}

/// What computes nets from now on by its name; nothing is the best one.
@_cdecl("caffe_set_engine")
public func setEngine(_ name: CString?) -> CText? {
  attempt { Session.engine = try choice(name, "engine", EngineChoice.init(name:)) ?? .best }
}

/// What a name stands for; nil if there is none.
private func choice<Choice: CaseIterable & RawRepresentable<String>>(
  _ name: CString?, _ what: String, _ make: (String) -> Choice?
) throws -> Choice? {
  guard let name = name.map({ String(cString: $0) }) else { return nil }
  guard let choice = make(name) else {
    throw NetError(
      "no such \(what): '\(name)'",
      remedy: "Write \(Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")).")
  }
  return choice
}

@_cdecl("caffe_solver_count")
public func solverCount() -> Int { Session.solverCount }

@_cdecl("caffe_set_solver_count")
public func setSolverCount(_ count: Int) -> CText? {
  attempt {
    guard (1...Int(Int32.max)).contains(count) else {
      throw NetError("the number of solvers is \(count), but must be at least 1")
    }
    Session.solverCount = count
  }
}

@_cdecl("caffe_solver_rank")
public func solverRank() -> Int { Session.rank }

@_cdecl("caffe_set_solver_rank")
public func setSolverRank(_ rank: Int) -> CText? {
  attempt {
    guard (0..<Int(Int32.max)).contains(rank) else {
      throw NetError("the rank of a solver is \(rank), but must be at least 0")
    }
    Session.rank = rank
  }
}

/// Drops log lines below a severity: 0 info, 1 warning, 2 error, 3 fatal. What is -1 stays as glog's variables say.
@_cdecl("caffe_init_log")
public func initLog(_ severity: CInt, _ toStandardError: CInt) -> CText? {
  attempt {
    guard (-1...3).contains(severity) else {
      throw NetError("the level is \(severity), but must be 0 (info), 1 (warning), 2 (error) or 3 (fatal)")
    }
    try Session.initializeLog(
      severity: severity < 0 ? nil : Int(severity), toStandardError: toStandardError < 0 ? nil : toStandardError != 0)
  }
}

@_cdecl("caffe_log")
public func log(_ message: CString?) -> CText? {
  attempt {
    let message = try string(message, "the message")
    try Session.logger.info("\(message)")
  }
}
