import ArgumentParser
import Caffe
import Logging

/// `caffe time`: measures the forward and backward pass of a net, layer by layer.
struct Time: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "time", abstract: "benchmark model execution time")
  static let runsNets = true
  static let flagsWithoutEffect: Set<String> = ["solver", "snapshot", "sigint_effect", "sighup_effect"]

  @Option(help: "The net definition (.prototxt).")
  var model = ""

  @Option(help: "The weights: .caffemodel files, with commas between them. Without any they come from the fillers.")
  var weights = ""

  @Option(help: "The number of passes to measure.")
  var iterations = 50

  @Option(help: "The net's phase, TRAIN or TEST. TRAIN unless given.")
  var phase = ""

  @Option(
    help: "A file (.json) for what ran when, to be looked at with chrome://tracing or ui.perfetto.dev.")
  var profile: String?

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !model.isEmpty else { throw ValidationError("Need a model definition to time.") }
    guard ["", "TRAIN", "TEST"].contains(phase) else {
      throw ValidationError("phase must be \"TRAIN\" or \"TEST\", and is \"\(phase)\".")
    }
    try requireCount(iterations, "-iterations")
    try requireName(profile, "-profile")
    try requireNames(weights, "-weights")
  }

  func run(in session: Session) throws {
    let files = weights.isEmpty ? [] : weights.commaSeparated
    if let profile { try requireOther(profile, than: [model] + files) }
    device.logDevice(session.log)
    let net = try Net(
      NetDefinition(contentsOf: model), phase: phase == "TEST" ? .test : .train, level: state.level,
      stages: state.stages,
      in: trust.applied(
        to: .standard(engine: engine.engine, precision: precision.precision, logger: session.log), for: model))
    try net.requireLayers(of: model)
    for file in files {
      let report = try net.copyWeights(fromFile: file)
      if let problem = report.mismatch { session.log.warning("\(file): \(problem)") }
    }
    let trace = try Benchmark(net, traces: profile != nil).run(iterations: iterations, in: session)
    if let trace, let profile {
      try AtomicFile.write(trace.json(), to: profile)
      session.log.info("The profile is in \(profile).")
    }
  }
}
