import ArgumentParser

/// `caffe test`: runs a net in the TEST phase and prints the means of its outputs.
struct Test: ToolCommand {
  static let configuration = CommandConfiguration(commandName: "test", abstract: "score a model")
  static let flagsWithoutEffect: Set<String> = ["solver", "snapshot", "phase", "sigint_effect", "sighup_effect"]

  @Option(help: "The net definition (.prototxt).")
  var model = ""

  @Option(help: "The weights (.caffemodel).")
  var weights = ""

  @Option(help: "The number of batches to run.")
  var iterations = 50

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !model.isEmpty else { throw ValidationError("Need a model definition to score.") }
    guard !weights.isEmpty else { throw ValidationError("Need model weights to score.") }
    try requirePositive(iterations: iterations)
  }

  func run(in session: Session) throws {
    throw ToolError("caffe test: nets are not part of this build.")
  }
}
