import Caffe
import CaffeLog
import CaffeProto
import FoundationEssentials
import Logging

/// What one process has one of: the seed, the place among several solvers, the log.
enum Session {
  private struct State: Sendable {
    var seed: UInt64?
    /// What nets that infer compute in; nil leaves it to their definitions.
    var precision: Precision?
    /// What computes nets.
    var engine = EngineChoice.best
    /// How many nets have drawn their numbers from the seed.
    var netCount: UInt64 = 0
    var rank = 0
    var solverCount = 1
    var pythonLayers: PythonLayerCallbacks?
    var log: Log?
  }

  private struct Log: Sendable {
    var output: LogOutput
    var settings: LogSettings

    init(_ settings: LogSettings) throws {
      self.settings = settings
      output = try LogOutput(settings, program: "python")
    }

    var logger: Logger {
      let levels: [Logger.Level] = [settings.level, .warning, .error, .critical]
      let level = levels[min(max(settings.minimumSeverity, 0), 3)]
      return Logger(label: "caffe") { [output] _ in GlogHandler(output: output, level: level) }
    }
  }

  private static let state = ForkSafe(State())

  static var registry: LayerRegistry {
    var registry = LayerRegistry.standard
    registry.add(PythonLayer.self)
    return registry
  }

  /// The root of all random numbers from now on.
  static var seed: UInt64? {
    get { state.withLock { $0.seed } }
    set {
      state.withLock {
        $0.seed = newValue
        $0.netCount = 0
      }
    }
  }

  static var precision: Precision? {
    get { state.withLock { $0.precision } }
    set { state.withLock { $0.precision = newValue } }
  }

  static var engine: EngineChoice {
    get { state.withLock { $0.engine } }
    set { state.withLock { $0.engine = newValue } }
  }

  static var rank: Int {
    get { state.withLock { $0.rank } }
    set { state.withLock { $0.rank = newValue } }
  }

  static var solverCount: Int {
    get { state.withLock { $0.solverCount } }
    set { state.withLock { $0.solverCount = newValue } }
  }

  static var pythonLayers: PythonLayerCallbacks? {
    get { state.withLock { $0.pythonLayers } }
    set { state.withLock { $0.pythonLayers = newValue } }
  }

  /// What the next net or solver is built with: with a seed, each gets numbers of its own.
  static func environment() throws -> NetEnvironment {
    let logger = try logger
    let engine = engine
    let (seed, rank, count) = state.withLock { state in
      let seed = state.seed.map { state.netCount == 0 ? $0 : Random.seed($0, part: state.netCount) }
      state.netCount += 1
      return (seed ?? .random(in: .min ... .max), state.rank, state.solverCount)
    }
    var environment = NetEnvironment(
      registry: registry, seed: seed, rank: rank, solverCount: count, logger: logger,
      makeEngine: { engine.make() })
    environment.precision = precision
    return environment
  }

  /// What the copy of a net in the parts of a parcel is built with: it brings its random numbers, its precision and its engine along.
  static func environment(ofCopyOf parts: [Data]) throws -> NetEnvironment {
    guard parts.count == 6, let engine = EngineChoice(name: String(decoding: parts[5], as: UTF8.self)) else {
      throw Parcel.damaged
    }
    let (rank, count) = state.withLock { ($0.rank, $0.solverCount) }
    return NetEnvironment(
      registry: registry, rank: rank, solverCount: count, logger: try logger, makeEngine: { engine.make() })
  }

  /// Logs as glog's variables say, until `initializeLog` says otherwise.
  static var logger: Logger {
    get throws {
      if let log = state.withLock({ $0.log }) { return log.logger }
      let log = try Log(glogVariables)
      state.withLock { $0.log = log }
      return log.logger
    }
  }

  /// Settings that are given count more than glog's variables.
  static func initializeLog(severity: Int?, toStandardError: Bool?) throws {
    var settings = glogVariables
    if let severity { settings.minimumSeverity = severity }
    if let toStandardError { settings.logToStandardError = toStandardError }
    let log = try Log(settings)
    state.withLock { $0.log = log }
  }

  private static var glogVariables: LogSettings {
    let names = ["minloglevel", "stderrthreshold", "logtostderr", "alsologtostderr", "log_dir", "v"]
    let variables = names.map { "GLOG_" + $0 }.compactMap { name in environmentVariable(name).map { (name, $0) } }
    return LogSettings(environment: Dictionary(uniqueKeysWithValues: variables))
  }
}
