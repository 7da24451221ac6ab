import Caffe
import CaffeTesting
import Testing

@Suite struct `The Im2col layer` {
  private static let parameters = [
    "kernel_size: 2", "kernel_size: 3 stride: 2 pad: 1", "kernel_h: 2 kernel_w: 3 dilation: 2 pad_h: 0 pad_w: 2",
    "kernel_size: 2 axis: -3",
  ]

  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "columns" type: "Im2col" top: "\#(top)" convolution_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    try GradientCheck(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 2, 4, 5]]).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 2, 4, 5]]).check(on: engine)
  }

  @Test func `makes a column of each window`() throws {
    let small = try SmallNet(["x": [1, 1, 2, 3]], layer("kernel_size: 2"))
    try small.feed("x", [1, 2, 3, 4, 5, 6])
    try small.net.forward()
    #expect(try small.blob("y").shape == [1, 4, 1, 2])
    #expect(try small.values("y") == [1, 2, 2, 3, 4, 5, 5, 6])
  }

  @Test func `works with one spatial axis, and counts all axes before the channels as batch`() throws {
    let small = try SmallNet(["x": [2, 3, 2, 4]], layer("kernel_size: 3 axis: 2"))
    #expect(try small.blob("y").shape == [2, 3, 6, 2])
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 2, 3, 3]], layer("kernel_size: 3"))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 18, 1, 1])
  }

  @Test(arguments: [
    (
      "",
      "kernel_size must be specified once, or once per spatial dimension (kernel_size specified 0 times; 2 spatial dims)."
    ),
    ("kernel_size: 2 kernel_h: 2 kernel_w: 2", "Either kernel_size or kernel_h/w should be specified; not both."),
    ("kernel_size: 0", "Filter dimensions must be nonzero."),
    ("kernel_size: 2 stride: 0", "Stride dimensions must be nonzero."),
    ("kernel_size: 2 dilation: 0", "Dilation dimensions must be nonzero."),
    ("kernel_size: 5", "the kernel covers 5 values along spatial axis 0, but the padded input has 4"),
    ("kernel_size: 1 axis: 3", "there are no spatial axes behind the channels"),
    ("kernel_size: 1 axis: 4", "axis 4 out of range for 4-D Blob"),
    ("kernel_size: 2000000000 pad: 1000000000", "INT_MAX"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 2, 4, 5]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses to work in place`() {
    let text = refusal { _ = try SmallNet(["x": [1, 2, 2, 2]], layer("kernel_size: 1", top: "x")) }
    #expect(text.contains("Layer does not allow in-place computation."), "\(text)")
  }
}
