import ArgumentParser
import Caffe

/// `caffe train`: trains a net by a solver definition, from the start, from weights, or from a snapshot.
struct Train: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "train or finetune a model")
  static let runsNets = true
  static let flagsWithoutEffect: Set<String> = ["model", "iterations", "phase"]

  @Option(help: "The solver definition (.prototxt). Paths in it start from the working directory.")
  var solver = ""

  @Option(help: "Finetune from these weights: .caffemodel files, with commas between them.")
  var weights = ""

  @Option(help: "Resume from this snapshot (.solverstate).")
  var snapshot = ""

  @Option(
    name: .customLong("sigint_effect"), help: "What Ctrl-C does: snapshot, stop or none.",
    transform: signalEffect)
  var interruptEffect = SolverAction.stop

  @Option(
    name: .customLong("sighup_effect"), help: "What a closed terminal does: snapshot, stop or none.",
    transform: signalEffect)
  var hangUpEffect = SolverAction.snapshot

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !solver.isEmpty else { throw ValidationError("Need a solver definition to train.") }
    guard snapshot.isEmpty || weights.isEmpty else {
      throw ValidationError("Give a snapshot to resume training or weights to finetune but not both.")
    }
    try requireNames(weights, "-weights")
  }

  func run(in session: Session) throws {
    let definition = try readDefinition()
    let wantsGPU = definition.parameter.hasSolverMode && definition.parameter.solverMode == .gpu
    device.logDevice(session.log, wanted: wantsGPU ? "solver_mode: GPU" : nil)

    let seed = definition.parameter.randomSeed
    let signals = Signals(interrupt: interruptEffect, hangUp: hangUpEffect)
    let environment = try trust.applied(
      to: .standard(seed: seed < 0 ? nil : UInt64(seed), engine: engine.engine, logger: session.log), for: solver)
    let solver = try Solver(definition, startingFrom: weights, in: environment)
    try solver.net.requireLayers(of: definition.parameter.net.isEmpty ? self.solver : definition.parameter.net)
    solver.requestedAction = signals.pendingAction
    if !snapshot.isEmpty {
      session.log.info("Resuming from \(snapshot)")
      try solver.restore(from: snapshot)
    }
    var progress = ProgressLine(
      "Training", from: solver.iteration, to: Int(definition.parameter.maxIter), on: session.output)
    solver.onProgress = { _, _ in progress.update(solver.iteration) }
    defer {
      solver.onProgress = nil
      progress.finish()
    }
    session.log.info("Starting Optimization")
    try solver.solve()
    progress.finish()
    session.log.info("Optimization Done.")
  }

  /// The solver file with the flags in place of what it says.
  private func readDefinition() throws -> SolverDefinition {
    var definition = try SolverDefinition(contentsOf: solver)
    definition.parameter.trainState.level = Int32(state.level)
    definition.parameter.trainState.stage += state.stages
    if !snapshot.isEmpty { definition.parameter.weights = [] }
    return definition
  }
}

private func signalEffect(_ name: String) throws -> SolverAction {
  do { return try SolverAction(signalEffect: name) } catch { throw ValidationError(error.description) }
}
