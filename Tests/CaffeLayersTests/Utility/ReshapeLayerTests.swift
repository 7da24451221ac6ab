import Caffe
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
}
