import ArgumentParser
import Caffe

/// `upgrade_solver_proto_text`: writes a solver's prototxt anew in the newest format.
struct UpgradeSolverProtoText: UpgradeCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade_solver_proto_text",
    abstract: "upgrade the prototxt of a solver to the newest format",
    usage: "upgrade_solver_proto_text <old_solver_proto_file_in> <solver_proto_file_out>")

  @Argument(help: ArgumentHelp("The solver (.prototxt) of any age.", valueName: "old_solver_proto_file_in"))
  var input: String

  @Argument(help: ArgumentHelp("The file to write.", valueName: "solver_proto_file_out"))
  var output: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func upgrade() throws -> (notices: [UpgradeNotice], write: () throws -> Void) {
    let solver = try SolverDefinition(Prototxt.read(SolverParameter.self, path: input), file: input)
    return (solver.notices, { try write(Prototxt.print(solver.parameter), to: output) })
  }
}
