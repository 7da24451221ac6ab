internal import CaffeCore
internal import CaffeProto

/// Builds the nets that a solver names, exactly one to train and any number to test, and gives them the weights that it names.
struct SolverNets {
  private let solver: SolverParameter
  private let environment: NetEnvironment
  private let piped = PipedNets()

  init(_ solver: SolverParameter, _ environment: NetEnvironment) {
    self.solver = solver
    self.environment = environment
  }

  func makeTrainNet() throws -> Net {
    let count = [solver.hasNet, solver.hasNetParam, solver.hasTrainNet, solver.hasTrainNetParam].count { $0 }
    let fields = "net, net_param, train_net, train_net_param"
    guard count > 0 else {
      throw SolverError("SolverParameter must specify a train net using one of these fields: \(fields)")
    }
    guard count == 1 else {
      throw SolverError(
        "SolverParameter must not contain more than one of these fields specifying a train_net: \(fields)")
    }
    let logger = environment.logger
    let definition: NetDefinition
    if solver.hasTrainNetParam {
      logger.info("Creating training net specified in train_net_param.")
      definition = try NetDefinition(solver.trainNetParam)
    } else if solver.hasTrainNet {
      logger.info("Creating training net from train_net file: \(solver.trainNet)")
      definition = try self.definition(at: solver.trainNet)
    } else if solver.hasNetParam {
      logger.info("Creating training net specified in net_param.")
      definition = try NetDefinition(solver.netParam)
    } else {
      logger.info("Creating training net from net file: \(solver.net)")
      definition = try self.definition(at: solver.net)
    }
    return try build(definition, phase: .train, merging: solver.trainState, part: 0)
  }

  func makeTestNets() throws -> [Net] {
    var sources: [(origin: String, definition: () throws -> NetDefinition)] = []
    for parameter in solver.testNetParam {
      sources.append(("test_net_param", { try NetDefinition(parameter) }))
    }
    for path in solver.testNet { sources.append(("test_net file: \(path)", { try definition(at: path) })) }
    let hasGenericNet = solver.hasNet || solver.hasNetParam
    let iterations = solver.testIter.count
    guard hasGenericNet ? iterations >= sources.count : iterations == sources.count else {
      throw SolverError(
        "test_iter must be specified for each test network.",
        remedy: "there are \(sources.count) test nets and \(iterations) test_iter")
    }
    for _ in sources.count..<max(iterations, sources.count) {
      let solver = solver
      sources.append(
        solver.hasNetParam
          ? ("net_param", { try NetDefinition(solver.netParam) })
          : ("net file: \(solver.net)", { try definition(at: solver.net) }))
    }
    guard solver.testState.isEmpty || solver.testState.count == sources.count else {
      throw SolverError(
        "test_state must be unspecified or specified once per test net.",
        remedy: "there are \(sources.count) test nets and \(solver.testState.count) test_state")
    }
    if !sources.isEmpty, solver.testInterval <= 0 {
      throw SolverError("test_interval must be greater than 0 where there is a test net")
    }
    return try sources.enumerated().map { index, source in
      environment.logger.info("Creating test net (#\(index)) specified by \(source.origin)")
      let state = solver.testState.isEmpty ? NetState() : solver.testState[index]
      let net = try build(try source.definition(), phase: .test, merging: state, part: index + 1)
      net.logsDebugInfo = solver.debugInfo
      return net
    }
  }

  /// The weights that come through a pipe, which is read once for all nets of the solver.
  private func weights(at path: String) throws -> NetParameter {
    if let known = piped.weights[path] { return known }
    let weights = try NetParameter.read(binary: path)
    piped.weights[path] = weights
    return weights
  }

  /// The net in a file; one that comes through a pipe is read once for all nets of the solver.
  private func definition(at path: String) throws -> NetDefinition {
    if let known = piped.definitions[path] { return known }
    let isPiped = isStream(path)
    let definition = try NetDefinition(contentsOf: path)
    if isPiped { piped.definitions[path] = definition }
    return definition
  }

  /// The state starts from the phase, takes over the net file's own, then the solver's for this net.
  private func build(_ definition: NetDefinition, phase: Phase, merging state: NetState, part: Int) throws -> Net {
    var merged = NetState()
    merged.phase = phase
    for overriding in [definition.parameter.state, state] {
      if overriding.hasPhase { merged.phase = overriding.phase }
      if overriding.hasLevel { merged.level = overriding.level }
      merged.stage += overriding.stage
    }
    var environment = environment
    environment.seed = Random.seed(environment.seed, part: UInt64(part))
    let net = try Net(definition, state: merged, in: environment)
    var report: Net.WeightReport?
    for path in solver.weights.flatMap(Self.paths(in:)) {
      net.logger.info("Finetuning from \(path)")
      let found = try isStream(path) ? net.copyWeights(from: weights(at: path)) : net.copyWeights(fromFile: path)
      if report == nil { report = found } else { report?.add(found) }
    }
    if let report, phase == .train { Self.log(report, of: net) }
    return net
  }

  private static func log(_ report: Net.WeightReport, of net: Net) {
    for line in report.summary { net.logger.info("\(line)") }
    if report.loaded.isEmpty {
      net.logger.warning(
        """
        No layer of the net has the name of a layer in the weight file: all of them start from their fillers. \
        Are these the weights of another net?
        """)
    }
  }

  /// The paths between the commas, without spaces around them.
  static func paths(in list: String) -> [String] {
    list.split(separator: ",").compactMap { entry in
      guard let first = entry.firstIndex(where: { !$0.isWhitespace }),
        let last = entry.lastIndex(where: { !$0.isWhitespace })
      else { return nil }
      return String(entry[first...last])
    }
  }
}

/// Nets and weights that came through a pipe, by its name.
private final class PipedNets {
  var definitions: [String: NetDefinition] = [:]
  var weights: [String: NetParameter] = [:]
}
