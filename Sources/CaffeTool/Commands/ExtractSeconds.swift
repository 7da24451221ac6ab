import ArgumentParser
import Caffe
import CaffeLog

/// `extract_seconds`: writes the time of each iteration line of a training log.
struct ExtractSeconds: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract_seconds",
    abstract: "write how many seconds after the start each iteration of a log came",
    usage: "extract_seconds <input_log> <output_seconds>")

  @Argument(help: ArgumentHelp("The log of caffe train.", valueName: "input_log"))
  var input: String

  @Argument(help: ArgumentHelp("The file to write, a number a line.", valueName: "output_seconds"))
  var output: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func run(in session: Session) throws {
    try requireOther(output, than: [input])
    let lines = try TrainingLog(contentsOf: input).iterationTimes.map { TrainingLog.seconds($0) + "\n" }
    try AtomicFile.write(Array(lines.joined().utf8), to: output)
  }
}
