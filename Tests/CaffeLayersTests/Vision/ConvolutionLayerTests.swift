import Caffe
import Testing

@Suite struct `The Convolution layer` {
  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "conv" type: "Convolution" \#(more) convolution_param { \#(parameter) \#(fillers) }"#
  }

  @Test(arguments: [
    ([2, 3], "num_output: 4", [2, 4]), ([2, 3, 7], "num_output: 4 kernel_size: 3 stride: 2", [2, 4, 3]),
    ([1, 2, 4, 4, 4], "num_output: 3 kernel_size: 3 pad: 1", [1, 3, 4, 4, 4]),
    ([2, 5, 3, 4, 4], "num_output: 2 kernel_size: 3 axis: 2", [2, 5, 2, 2, 2]),
    ([2, 3, 4, 4], "num_output: 2 kernel_size: 3 axis: -3", [2, 2, 2, 2]),
  ])
  func `works with any number of spatial axes`(bottom: [Int], parameter: String, top: [Int]) throws {
    let small = try SmallNet(["x": bottom], layer(parameter))
    #expect(try small.blob("y").shape == Shape(top))
    try small.net.forward()
    try small.net.backward()
  }

  @Test(arguments: EngineChoice.allCases)
  func `learns its bias alone where the weights are frozen`(engine: EngineChoice) throws {
    let small = try SmallNet(
      ["x": [1, 1, 2, 2]],
      layer("num_output: 1 kernel_size: 1", #"top: "y" loss_weight: 1 param { lr_mult: 0 } param { lr_mult: 1 }"#),
      fields: "", engine: engine)
    try small.feed("x", [1, 2, 3, 4])
    try small.net.forward()
    try small.net.backward()
    let parameters = small.net.layers[1].layer.parameters
    #expect(parameters.map { $0.diff.values[0] } == [0, 4])
  }

  @Test(arguments: EngineChoice.allCases)
  func `makes an empty top from an empty batch`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [0, 2, 3, 3]], layer("num_output: 3 kernel_size: 3"), engine: engine)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 1, 1])
  }
}
