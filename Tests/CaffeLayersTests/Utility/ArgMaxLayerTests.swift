import Caffe
import Testing

@Suite struct `The ArgMax layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "best" type: "ArgMax" top: "\#(top)" argmax_param { \#(parameter) }"#
  }

  private func result(_ shape: [Int], _ parameter: String, _ values: [Float]) throws -> (Shape, [Float]) {
    let small = try SmallNet(["x": shape], layer(parameter), fields: "")
    try small.feed("x", values)
    try small.net.forward()
    return (try small.blob("y").shape, try small.values("y"))
  }

  @Test func `gives positions in the flattened item`() throws {
    let (shape, values) = try result([2, 2, 2, 1], "", [1, 5, 3, 2, 0, 1, 2, 9])
    #expect(shape == [2, 1, 1, 1])
    #expect(values == [1, 3])
  }

  @Test func `has at least three axes`() throws {
    #expect(try result([2, 3], "top_k: 2", [1, 5, 3, 2, 0, 1]).0 == [2, 1, 2])
    #expect(try result([2], "", [4, 5]).0 == [2, 1, 1])
  }

  @Test func `gives positions, then values, when both are wanted`() throws {
    let (shape, values) = try result([2, 3], "top_k: 2 out_max_val: true", [1, 5, 3, 2, 0, 1])
    #expect(shape == [2, 2, 2])
    #expect(values == [1, 2, 5, 3, 0, 2, 2, 1])
  }

  @Test(
    arguments: zip(
      ["axis: 1 top_k: 2", "axis: 1 top_k: 2 out_max_val: true"], [[1, 2, 2, 0], [5, 9, 4, 7]] as [[Float]]))
  func `gives positions or values along an axis`(parameter: String, expected: [Float]) throws {
    let (shape, values) = try result([1, 3, 2], parameter, [1, 7, 5, 0, 4, 9])
    #expect(shape == [1, 2, 2])
    #expect(values == expected)
  }

  @Test func `puts the one behind first among equal values`() throws {
    #expect(try result([1, 4], "", [3, 7, 7, 1]).1 == [2])
    #expect(try result([1, 4], "top_k: 4", [3, 7, 7, 3]).1 == [2, 1, 3, 0])
  }

  @Test func `puts NaN last`() throws {
    #expect(try result([1, 4], "", [.nan, -1, .nan, -2]).1 == [1])
    #expect(try result([1, 4], "top_k: 4", [.nan, -1, .nan, -2]).1 == [1, 3, 2, 0])
  }

  @Test func `makes an empty top from an empty batch`() throws {
    #expect(try result([0, 4], "", []).0 == [0, 1, 1])
  }

  @Test(arguments: [
    ("top_k: 0", "top_k must not be less than 1."),
    ("top_k: 13", "top_k must be less than or equal to the number of classes."),
    ("top_k: 4 axis: 1", "top_k must be less than or equal to the dimension of the axis."),
    ("top_k: 4294967295", "top_k must be less than or equal to the number of classes."),
    ("axis: 3", "axis 3 out of range for 3-D Blob"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3, 4]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `has no gradient`() throws {
    let small = try SmallNet(["x": [1, 2]], layer(""))
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Not Implemented Yet"))
  }
}
