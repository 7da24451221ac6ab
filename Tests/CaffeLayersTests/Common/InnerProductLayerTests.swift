import Caffe
import Testing

@Suite struct `The InnerProduct layer` {
  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "ip" type: "InnerProduct" \#(more) inner_product_param { \#(parameter) \#(fillers) }"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `makes an empty top from an empty batch`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [0, 4]], layer("num_output: 3"), engine: engine)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3])
  }

  @Test func `loads weights in the four-dimensional form of old files`() throws {
    let blobs =
      "blobs { num: 1 channels: 1 height: 1 width: 2 data: 3 data: 4 } blobs { num: 1 channels: 1 height: 1 width: 1 data: 5 }"
    let small = try SmallNet(["x": [1, 2]], layer("num_output: 1", blobs + #" top: "y""#))
    try small.feed("x", [1, 10])
    try small.net.forward()
    #expect(try small.values("y") == [48])
  }

  @Test func `refuses an input of another size later`() throws {
    let small = try SmallNet(["x": [1, 2]], layer("num_output: 1"))
    try small.blob("x").reshape(to: [1, 3])
    #expect(refusal { try small.net.forward() }.contains("Input size incompatible with inner product parameters."))
  }

  @Test(arguments: [("", "num_output > 0"), ("num_output: 2 axis: 2", "axis 2 out of range for 2-D Blob")])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [1, 2]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
