import Caffe
import CaffeTesting
import Testing

@Suite struct `The Reshape layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Reshape" top: "y" reshape_param { \#(parameter) }"#
  }

  @Test(arguments: [
    ("shape { dim: 0 dim: -1 }", [2, 12]), ("shape { dim: -1 }", [24]), ("shape { dim: 4 dim: 6 }", [4, 6]),
    ("shape { dim: 2 dim: 2 } axis: 2", [2, 3, 2, 2]), ("shape { dim: -1 } num_axes: 2", [6, 4]),
    ("shape { dim: 1 } axis: -1", [2, 3, 4, 1]), ("shape { dim: 1 dim: 1 } num_axes: 0", [1, 1, 2, 3, 4]),
    ("shape { dim: 0 } axis: 1 num_axes: 1", [2, 3, 4]),
  ])
  func `makes a new shape and shares the memory`(parameter: String, shape: [Int]) throws {
    let small = try SmallNet(["x": [2, 3, 4]], layer(parameter))
    #expect(try small.blob("y").shape == Shape(shape))
    #expect(try small.blob("y").data === small.blob("x").data)
    #expect(try small.blob("y").diff === small.blob("x").diff)
  }

  @Test(arguments: EngineChoice.allCases)
  func `keeps the contract of every layer`(engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer("shape { dim: 0 dim: -1 }")), bottoms: [[2, 3, 4]])
      .check(on: engine)
  }

  @Test(arguments: [
    (
      "shape { dim: -1 dim: -1 }",
      "new shape contains multiple -1 dims; at most a single (1) value of -1 may be specified"
    ),
    ("shape { dim: 7 }", "output count must match input count"),
    ("shape { dim: 7 dim: -1 }", "bottom count must be divisible by the product of the specified dimensions"),
    ("shape { dim: -2 }", "dim is -2"), ("shape { dim: 24 } axis: 4", "axis 4 out of range for 3-D Blob"),
    ("shape { dim: 24 } axis: -5", "axis -5 out of range for 3-D Blob"),
    ("shape { dim: 24 } num_axes: 4", "end_axis = axis + num_axes is out of range"),
    ("shape { dim: 24 } num_axes: -2", "num_axes must be >= 0, or -1 for all"),
    ("shape { dim: 0 } axis: 3 num_axes: 0", "axis 3 out of range"),
    ("shape { dim: 9223372036854775807 dim: -1 }", "INT_MAX"),
  ])
  func `refuses shapes that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3, 4]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
