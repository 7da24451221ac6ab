import Caffe
import Testing

@Suite struct `The Deconvolution layer` {
  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "up" type: "Deconvolution" \#(more) convolution_param { \#(parameter) \#(fillers) }"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `is what a convolution does backward`(engine: EngineChoice) throws {
    let parameter = "kernel_size: 3 stride: 2 pad: 1 dilation: 1 bias_term: false"
    let convolution = try SmallNet(
      ["x": [1, 2, 5, 7]],
      #"name: "c" type: "Convolution" top: "y" convolution_param { num_output: 3 \#(parameter) }"#, engine: engine)
    let deconvolution = try SmallNet(["x": [1, 3, 3, 4]], layer("num_output: 2 \(parameter)"), engine: engine)
    let weights = try #require(deconvolution.net.layers.last?.layer.parameters.first)
    convolution.net.layers.last?.layer.parameters[0].data.copy(from: weights.data)
    let values = (0..<36).map { Float($0 % 7) - 3 }
    try convolution.net.forward()
    try convolution.setDiffs("y", values)
    try convolution.net.backward()
    try deconvolution.feed("x", values)
    try deconvolution.net.forward()
    #expect(try deconvolution.blob("y").shape == [1, 2, 5, 7])
    #expect(areClose(try deconvolution.values("y"), try convolution.diffs("x")))
  }

  @Test func `interpolates between pixels with the bilinear filler`() throws {
    let parameter = "num_output: 2 group: 2 kernel_size: 4 stride: 2 pad: 1 bias_term: false"
    let small = try SmallNet(
      ["x": [1, 2, 1, 3]],
      #"name: "up" type: "Deconvolution" top: "y" convolution_param { \#(parameter) weight_filler { type: "bilinear" } }"#
    )
    try small.feed("x", [0, 4, 8, 1, 1, 1])
    try small.net.forward()
    #expect(try small.blob("y").shape == [1, 2, 2, 6])
    // A single row loses a quarter to the rows above and below; so do the first and the last column.
    let rows = try small.values("y").map { $0 / 0.75 }
    #expect(areClose(Array(rows[0..<6]), [0, 1, 3, 5, 7, 6]))
    #expect(areClose(Array(rows[12..<18]), [0.75, 1, 1, 1, 1, 0.75]))
  }

  @Test func `works with one spatial axis and with three`() throws {
    let one = try SmallNet(["x": [1, 2, 4]], layer("num_output: 3 kernel_size: 3 stride: 2"))
    #expect(try one.blob("y").shape == [1, 3, 9])
    let three = try SmallNet(["x": [1, 2, 2, 3, 4]], layer("num_output: 3 kernel_size: 2 stride: 2"))
    #expect(try three.blob("y").shape == [1, 3, 4, 6, 8])
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 2, 3, 3]], layer("num_output: 3 kernel_size: 3"))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 5, 5])
  }
}
