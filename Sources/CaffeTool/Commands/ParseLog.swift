import ArgumentParser
import Caffe
import CaffeLog
import FoundationEssentials

/// `parse_log`: makes tables of a training log.
struct ParseLog: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse_log",
    abstract: "make tables of a training log",
    usage: "parse_log [FLAGS] <logfile_path> [<output_dir>]",
    discussion: """
      With a folder: <log>.train and <log>.test there, as CSV with a column for each output, as parse_log.py made them. \
      Without: the same names in the working folder, in the four columns of parse_log.sh.
      """)

  @Argument(help: ArgumentHelp("The log of caffe train.", valueName: "logfile_path"))
  var log: String

  @Argument(help: ArgumentHelp("The folder for the CSV files.", valueName: "output_dir"))
  var output: String?

  @Flag(inversion: .prefixedNo, exclusivity: .chooseLast, help: "Say what is written.")
  var verbose = false

  @Option(help: "What stands between the columns of the CSV files, a comma unless given.")
  var delimiter: String?

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard let delimiter else { return }
    guard delimiter.count == 1, !delimiter.contains(where: { $0.isNewline || $0 == "\"" }) else {
      throw ValidationError("-delimiter must be one character, no quote and no end of a line, and is \"\(delimiter)\".")
    }
    guard output != nil else {
      throw ValidationError("-delimiter is for the CSV files in an output folder, and no folder is given.")
    }
  }

  func run(in session: Session) throws {
    let log = try TrainingLog(contentsOf: log)
    for phase in TrainingLog.Phase.allCases {
      let path = (output.map { $0 + "/" } ?? "") + log.name + "." + phase.rawValue.lowercased()
      let text = output == nil ? log.columns(phase) : TrainingTable(log, phase).csv(delimiter: delimiter ?? ",")
      guard let text else {
        if verbose { try printLines("Not writing \(path); no lines to write") }
        continue
      }
      try AtomicFile.write(Array(text.utf8), to: path)
      if verbose { try printLines("Wrote \(path)") }
    }
  }
}
