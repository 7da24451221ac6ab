import ArgumentParser
import Caffe
import Logging

/// `caffe time`: measures the forward and backward pass of a net, layer by layer.
struct Time: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "time", abstract: "benchmark model execution time")
  static let flagsWithoutEffect: Set<String> = ["solver", "weights", "snapshot", "sigint_effect", "sighup_effect"]

  @Option(help: "The net definition (.prototxt). Its weights come from the fillers.")
  var model = ""

  @Option(help: "The number of passes to measure.")
  var iterations = 50

  @Option(help: "The net's phase, TRAIN or TEST. TRAIN unless given.")
  var phase = ""

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !model.isEmpty else { throw ValidationError("Need a model definition to time.") }
    guard ["", "TRAIN", "TEST"].contains(phase) else {
      throw ValidationError("phase must be \"TRAIN\" or \"TEST\", and is \"\(phase)\".")
    }
    try requirePositive(iterations: iterations)
  }

  func run(in session: Session) throws {
    device.logDevice(session.log)
    let net = try Net(
      NetDefinition(contentsOf: model), phase: phase == "TEST" ? .test : .train, level: state.level,
      stages: state.stages, in: .standard(logger: session.log))
    try Benchmark(net).run(iterations: iterations, in: session)
  }
}
