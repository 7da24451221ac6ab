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
  attempt {
    guard let name = name.map({ String(cString: $0) }) else {
      Session.precision = nil
      return
    }
    guard let precision = Precision(name: name) else {
      throw NetError(
        "no such precision: '\(name)'",
        remedy: "Write \(Precision.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")).")
    }
    Session.precision = precision
  }
}

/// What computes nets from now on by its name; nothing is the best one.
@_cdecl("caffe_set_engine")
public func setEngine(_ name: CString?) -> CText? {
  attempt {
    guard let name = name.map({ String(cString: $0) }) else {
      Session.engine = .best
      return
    }
    guard let engine = EngineChoice(name: name) else {
      throw NetError(
        "no such engine: '\(name)'",
        remedy: "Write \(EngineChoice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")).")
    }
    Session.engine = engine
  }
}

@_cdecl("caffe_solver_count")
public func solverCount() -> Int { Session.solverCount }

@_cdecl("caffe_set_solver_count")
public func setSolverCount(_ count: Int) { Session.solverCount = max(count, 1) }

@_cdecl("caffe_solver_rank")
public func solverRank() -> Int { Session.rank }

@_cdecl("caffe_set_solver_rank")
public func setSolverRank(_ rank: Int) { Session.rank = max(rank, 0) }

/// Drops log lines below a severity: 0 info, 1 warning, 2 error, 3 fatal.
@_cdecl("caffe_init_log")
public func initLog(_ severity: CInt, _ toStandardError: Bool) -> CText? {
  attempt { try Session.initializeLog(severity: Int(severity), toStandardError: toStandardError) }
}

@_cdecl("caffe_log")
public func log(_ message: CString) -> CText? { attempt { try Session.logger.info("\(String(cString: message))") } }
