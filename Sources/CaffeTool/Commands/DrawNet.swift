import ArgumentParser
import Caffe
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
    let definition = try NetDefinition(contentsOf: model)
    let phases: [Phase] = phase == "ALL" ? [.test, .train] : phase == "TRAIN" ? [.train] : [.test]
    var costs: [String: LayerCost] = [:]
    var failure: (any Error)?
    // What building the net tells is of no interest here.
    let silent = Logger(label: "caffe") { _ in SwiftLogNoOpLogHandler() }
    for phase in phases {
      do {
        let net = try Net(definition, phase: phase, in: .standard(seed: 0, engine: .reference, logger: silent))
        costs.merge(LayerCost.all(of: net)) { first, _ in first }
      } catch {
        failure = error
      }
    }
    if costs.isEmpty, let failure { session.log.warning("Shapes and costs are left out: \(failure)") }

    var layers = definition.parameter.layer
    if phase != "ALL" {
      var state = definition.parameter.state
      state.phase = phases[0]
      layers = try definition.parameter.indicesOfLayers(in: state, logger: silent).map { layers[$0] }
    }
    guard !layers.isEmpty else { throw ToolError("\(model): there are no layers to draw") }
    print("Drawing net to \(picture)")
    let net = NetDrawing(definition.parameter, layers: layers, costs: costs, showsRates: displaysRates)
    try net.drawing(NetDrawing.Direction(rawValue: rankdir) ?? .leftToRight).write(to: picture)
  }
}
