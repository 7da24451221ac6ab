import ArgumentParser
import Caffe

/// `upgrade_net_proto_text`: writes a net's prototxt anew in the newest format.
struct UpgradeNetProtoText: UpgradeCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade_net_proto_text",
    abstract: "upgrade the prototxt of a net to the newest format",
    usage: "upgrade_net_proto_text <net_proto_file_in> <net_proto_file_out>")

  @Argument(help: ArgumentHelp("The net (.prototxt) of any age.", valueName: "net_proto_file_in"))
  var input: String

  @Argument(help: ArgumentHelp("The file to write.", valueName: "net_proto_file_out"))
  var output: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func upgrade() throws -> (notices: [UpgradeNotice], write: () throws -> Void) {
    let net = try NetDefinition(contentsOf: input)
    return (net.notices, { try write(Prototxt.print(net.parameter), to: output) })
  }
}
