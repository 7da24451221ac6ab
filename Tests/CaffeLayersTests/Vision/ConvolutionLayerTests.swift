import Caffe
import CaffeTesting
import Testing

@Suite struct `The Convolution layer` {
  private static let parameters = [
    "num_output: 3 kernel_size: 3", "num_output: 3 kernel_size: 2 bias_term: false stride: 2",
    "num_output: 4 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 group: 2",
    "num_output: 2 kernel_size: 2 dilation: 2 pad: 1", "num_output: 3 kernel_size: 1",
    "num_output: 4 kernel_size: 3 group: 4",
    "num_output: 2 kernel_size: 3 kernel_size: 2 stride: 1 stride: 2 pad: 0 pad: 1 dilation: 1 dilation: 2",
  ]

  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "conv" type: "Convolution" \#(more) convolution_param { \#(parameter) \#(fillers) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    var check = try GradientCheck(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 4, 5, 4]])
    check.tolerance = 3e-3
    try check.check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 4, 5, 4]]).check(on: engine)
  }

  @Test(arguments: EngineChoice.allCases)
  func `adds up the gradients of weights that two bottoms share`(engine: EngineChoice) throws {
    let definition = try LayerDefinition(prototxt: layer("num_output: 2 kernel_size: 2", #"top: "a" top: "b""#))
    try GradientCheck(definition, bottoms: [[1, 2, 2, 3], [1, 2, 2, 3]]).check(on: engine)
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

  @Test(arguments: [
    ("kernel_size: 3", "num_output > 0"),
    ("num_output: 2", "(kernel_size specified 0 times; 2 spatial dims)."),
    ("num_output: 2 kernel_size: 3 kernel_size: 3 kernel_size: 3", "(kernel_size specified 3 times; 2 spatial dims)."),
    (
      "num_output: 2 kernel_size: 3 kernel_h: 2 kernel_w: 2",
      "Either kernel_size or kernel_h/w should be specified; not both."
    ),
    (
      "num_output: 2 kernel_size: 3 stride: 1 stride_h: 2", "Either stride or stride_h/w should be specified; not both."
    ),
    ("num_output: 2 kernel_size: 3 pad: 1 pad_w: 2", "Either pad or pad_h/w should be specified; not both."),
    ("num_output: 2 kernel_h: 3", "Filter dimensions must be nonzero."),
    ("num_output: 2 kernel_size: 3 stride: 0", "Stride dimensions must be nonzero."),
    ("num_output: 2 kernel_size: 3 dilation: 0", "Dilation dimensions must be nonzero."),
    ("num_output: 3 kernel_size: 1 group: 2", "Number of output should be multiples of group."),
    ("num_output: 3 kernel_size: 1 group: 3", "cannot be divided into 3 groups"),
    ("num_output: 3 kernel_size: 1 group: 0", "cannot be divided into 0 groups"),
    ("num_output: 3 kernel_size: 5", "kernel covers 5 values along spatial axis 0, but the padded input has 3"),
    ("num_output: 3 kernel_size: 4294967295", "too large"),
    ("num_output: 3 kernel_size: 2147483647 dilation: 2147483647", "INT_MAX"),
    ("num_output: 3 kernel_size: 1 axis: 4", "axis 4 out of range for 4-D Blob"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 4, 3, 3]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `takes kernel_h and kernel_w only with two spatial axes`() {
    let text = refusal { _ = try SmallNet(["x": [2, 4, 3]], layer("num_output: 1 kernel_h: 1 kernel_w: 1")) }
    #expect(text.contains("kernel_h & kernel_w can only be used for 2D convolution."), "\(text)")
  }

  @Test func `refuses weights of another shape`() {
    let blobs = "blobs { shape { dim: 3 dim: 4 dim: 2 dim: 1 } }"
    let text = refusal {
      _ = try SmallNet(["x": [1, 4, 2, 2]], layer("num_output: 3 kernel_size: 1", blobs + #" top: "y""#))
    }
    #expect(text.contains("Incorrect weight shape: expected shape 3 4 1 1 (12)"), "\(text)")
  }

  @Test func `refuses bottoms of different shape`() {
    let text = refusal {
      _ = try SmallNet(
        ["x": [1, 2, 2, 2], "z": [1, 2, 2, 3]], layer("num_output: 3 kernel_size: 1", #"top: "a" top: "b""#))
    }
    #expect(text.contains("shape mismatch - bottom[0]: 1 2 2 2 (8) vs. bottom[1]: 1 2 2 3 (12)"), "\(text)")
  }

  @Test(arguments: [
    ([1, 3, 2, 2], "Input size incompatible with convolution kernel."), ([1, 2, 2], "bottom num_axes may not change."),
  ])
  func `refuses other channels later`(shape: [Int], message: String) throws {
    let small = try SmallNet(["x": [1, 2, 2, 2]], layer("num_output: 3 kernel_size: 1"))
    try small.blob("x").reshape(to: Shape(shape))
    #expect(refusal { try small.net.forward() }.contains(message))
  }
}
