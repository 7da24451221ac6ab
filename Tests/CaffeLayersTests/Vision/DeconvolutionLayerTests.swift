import Caffe
import CaffeTesting
import Testing

@Suite struct `The Deconvolution layer` {
  private static let parameters = [
    "num_output: 3 kernel_size: 3", "num_output: 3 kernel_size: 2 bias_term: false stride: 2",
    "num_output: 4 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 group: 2",
    "num_output: 2 kernel_size: 2 dilation: 2 pad: 1", "num_output: 3 kernel_size: 1",
  ]

  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "up" type: "Deconvolution" \#(more) convolution_param { \#(parameter) \#(fillers) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    try GradientCheck(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 4, 3, 2]]).check(on: engine)
  }

  @Test(arguments: EngineChoice.allCases)
  func `adds up the gradients of weights that two bottoms share`(engine: EngineChoice) throws {
    let definition = try LayerDefinition(prototxt: layer("num_output: 2 kernel_size: 2", #"top: "a" top: "b""#))
    try GradientCheck(definition, bottoms: [[1, 2, 2, 3], [1, 2, 2, 3]]).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 4, 3, 2]]).check(on: engine)
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

  @Test(arguments: [
    ("kernel_size: 3", "num_output > 0"),
    ("num_output: 2", "kernel_size must be specified once, or once per spatial dimension"),
    ("num_output: 2 kernel_size: 1 pad: 3", "spatial axis 0 makes an output of -3"),
    ("num_output: 3 kernel_size: 1 group: 2", "Number of output should be multiples of group."),
    ("num_output: 3 kernel_size: 1 group: 3", "cannot be divided into 3 groups"),
    ("num_output: 2 kernel_size: 3 stride: 0", "Stride dimensions must be nonzero."),
    ("num_output: 2 kernel_size: 3 stride: 2000000000", "INT_MAX"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 4, 3, 3]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses weights of another shape`() {
    let blobs = "blobs { shape { dim: 3 dim: 4 dim: 1 dim: 1 } }"
    let text = refusal {
      _ = try SmallNet(["x": [1, 4, 2, 2]], layer("num_output: 3 kernel_size: 1", blobs + #" top: "y""#))
    }
    #expect(text.contains("Incorrect weight shape: expected shape 4 3 1 1 (12)"), "\(text)")
  }

  @Test func `refuses bottoms of different shape`() {
    let text = refusal {
      _ = try SmallNet(
        ["x": [1, 2, 2, 2], "z": [1, 2, 2, 3]], layer("num_output: 3 kernel_size: 1", #"top: "a" top: "b""#))
    }
    #expect(text.contains("shape mismatch - bottom[0]"), "\(text)")
  }

  @Test(arguments: [
    ([1, 3, 2, 2], "Input size incompatible with convolution kernel."), ([1, 2, 2], "bottom num_axes may not change."),
  ])
  func `refuses other channels later`(shape: [Int], message: String) throws {
    let small = try SmallNet(["x": [1, 2, 2, 2]], layer("num_output: 3 kernel_size: 1"))
    try small.blob("x").reshape(to: Shape(shape))
    #expect(refusal { try small.net.forward() }.contains(message))
  }

  @Test func `refuses to work in place`() {
    let text = refusal { _ = try SmallNet(["x": [1, 2, 2, 2]], layer("num_output: 2 kernel_size: 1", #"top: "x""#)) }
    #expect(text.contains("Layer does not allow in-place computation."), "\(text)")
  }
}
