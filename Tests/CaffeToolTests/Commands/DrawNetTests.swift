import Caffe
import CaffeDrawing
import Foundation
import Testing

@Suite struct `draw_net` {
  private let folder: Scratch

  static let net = """
    name: "small & <odd>"
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
    layer {
      name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 2 }
      convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }
    }
    layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
    layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 5 } }
    layer { name: "both" type: "Concat" bottom: "ip" bottom: "ip" top: "both" }
    layer { name: "trained" type: "Silence" bottom: "both" include { phase: TRAIN } }
    """

  init() throws {
    folder = try Scratch()
    try folder.write(Self.net, to: "net.prototxt")
  }

  @Test(arguments: ["LR", "RL", "TB", "BT"])
  func `draws layers with shapes and costs`(direction: String) throws {
    let run = try Run("net.prototxt", "net.svg", "--rankdir", direction, as: "draw_net.py", in: folder.url)
    #expect(run.status == 0)
    #expect(run.output == "Drawing net to net.svg\n")
    // Per image 4·3·3·3 weights at 4×4 places, and 64·5 weights.
    for text in [
      "small &amp; &lt;odd&gt;: 437 parameters, 2.05 k multiplies", "conv (Convolution)",
      "4 of 3x3, stride 2x2, pad 1x1",
      "2x4x4x4", "112 parameters, 1.73 k multiplies", "relu (ReLU)", "5 outputs", "325 parameters, 320 multiplies",
      "2x10", "trained (Silence)",
    ] { #expect(try picture().contains(">\(text)</text>"), "\(text)") }
    #expect(try !picture().contains("lr 2"))
  }

  @Test func `draws one phase, and learning rates on demand`() throws {
    #expect(
      try Run("draw_net", "--phase", "TEST", "-display_lrm", "net.prototxt", "net.svg", in: folder.url).status == 0)
    #expect(try !picture().contains("trained"))
    #expect(try picture().contains(">lr 2</text>"))
  }

  @Test func `draws PNG as well`() throws {
    #expect(try Run("draw_net", "net.prototxt", "net.png", in: folder.url).status == 0)
    let image = try Bitmap(decoding: Data(contentsOf: folder.url.appending(path: "net.png")))
    #expect(image.channels == 3 && image.width > 1000)
  }

  @Test func `leaves shapes out when the data are not there, and says why`() throws {
    try folder.write(
      Self.net.replacingOccurrences(
        of: "type: \"Input\" top: \"data\" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } }",
        with: "type: \"Data\" top: \"data\" data_param { source: \"absent\" batch_size: 1 }"), to: "net.prototxt")
    let run = try Run("draw_net", "net.prototxt", "net.svg", in: folder.url)
    #expect(run.status == 0)
    #expect(run.errors.contains("Shapes and costs are left out") && run.errors.contains("absent"))
    #expect(try picture().contains(">conv (Convolution)</text>"))
  }

  // MARK: Bad input

  @Test func `refuses a picture or a direction that it does not know`() throws {
    #expect(try Run("draw_net", "net.prototxt", "net.gif", in: folder.url).status == 2)
    #expect(try Run("draw_net", "-rankdir", "UP", "net.prototxt", "net.svg", in: folder.url).status == 2)
    #expect(try Run("draw_net", "-phase", "SOME", "net.prototxt", "net.svg", in: folder.url).status == 2)
  }

  @Test func `names what is wrong with the net`() throws {
    try folder.write("layer {", to: "broken.prototxt")
    #expect(try Run("draw_net", "broken.prototxt", "a.svg", in: folder.url).errors.contains("broken.prototxt:1"))
    try folder.write("name: \"empty\"", to: "empty.prototxt")
    #expect(
      try Run("draw_net", "empty.prototxt", "a.svg", in: folder.url).errors.contains("there are no layers to draw"))
  }

  private func picture() throws -> String {
    try String(contentsOf: folder.url.appending(path: "net.svg"), encoding: .utf8)
  }
}
