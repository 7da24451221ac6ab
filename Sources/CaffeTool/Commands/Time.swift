import ArgumentParser

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
    throw ToolError("caffe time: nets are not part of this build.")
  }
}
