import ArgumentParser
import Caffe

/// `upgrade_net_proto_binary`: writes a net with its weights anew in the newest format.
struct UpgradeNetProtoBinary: UpgradeCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade_net_proto_binary",
    abstract: "upgrade a binary net (.caffemodel) to the newest format",
    usage: "upgrade_net_proto_binary <net_proto_file_in> <net_proto_file_out>")

  @Argument(help: ArgumentHelp("The net (.caffemodel) of any age.", valueName: "net_proto_file_in"))
  var input: String

  @Argument(help: ArgumentHelp("The file to write.", valueName: "net_proto_file_out"))
  var output: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func upgrade() throws -> (notices: [UpgradeNotice], write: () throws -> Void) {
    let net = try NetDefinition(contentsOfBinary: input)
    return (net.notices, { try BinaryProto.write(net.parameter, path: output) })
  }
}
