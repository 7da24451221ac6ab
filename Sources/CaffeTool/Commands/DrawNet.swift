import ArgumentParser
import Caffe
import CaffeDrawing
import CaffeLog
import Logging

/// `draw_net`: draws the layers of a net and how they hang together.
struct DrawNet: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw_net",
    abstract: "draw a net",
    usage: "draw_net [FLAGS] <input_net_proto_file> <output_image_file>",
    discussion: """
      Shapes and costs are drawn where the net can be built, which takes the data that its layers name; multiplications \
      are those of convolutions and inner products for one item of the batch.
      """)

  @Argument(help: ArgumentHelp("The net definition (.prototxt).", valueName: "input_net_proto_file"))
  var model: String

  @Argument(help: ArgumentHelp("The picture to write (.svg or .png).", valueName: "output_image_file"))
  var picture: String

  @Option(help: "Where the layers lead to: LR (left to right), RL, TB (top to bottom) or BT.")
  var rankdir = "LR"

  @Option(help: "The layers to draw: ALL, or those of TRAIN or TEST.")
  var phase = "ALL"

  @Flag(
    name: .customLong("display_lrm"), inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Write each layer's learning rate multipliers.")
  var displaysRates = false

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard NetDrawing.Direction(rawValue: rankdir) != nil else {
      throw ValidationError("-rankdir must be LR, RL, TB or BT, and is \"\(rankdir)\".")
    }
    guard ["ALL", "TRAIN", "TEST"].contains(phase) else {
      throw ValidationError("-phase must be ALL, TRAIN or TEST, and is \"\(phase)\".")
    }
    guard picture.hasSuffix(".svg") || picture.hasSuffix(".png") else {
      throw ValidationError("\(picture): give a name that ends in .svg or .png.")
    }
  }

  func run(in session: Session) throws {
    let net: NetDrawing
    do {
      net = try NetDrawing(
        NetDefinition(contentsOf: model), phase: phase == "ALL" ? nil : phase == "TRAIN" ? .train : .test,
        showsRates: displaysRates, warn: { session.log.warning("\($0)") })
    } catch let error as NetError where error.layer == nil {
      throw ToolError("\(model): \(error.problem)")
    }
    try printLines("Drawing net to \(picture)")
    try net.drawing(NetDrawing.Direction(rawValue: rankdir) ?? .leftToRight).write(to: picture)
  }
}
