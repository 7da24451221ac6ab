import Caffe
import Testing

@Suite struct `The Concat layer` {
  private func layer(_ parameter: String = "") -> String {
    #"name: "l" type: "Concat" top: "y" concat_param { \#(parameter) }"#
  }

  @Test func `joins along the first axis`() throws {
    let small = try SmallNet(["a": [1, 2], "b": [2, 2]], layer("axis: 0"))
    try small.feed("a", [1, 2])
    try small.feed("b", [3, 4, 5, 6])
    try small.net.forward()
    #expect(try small.values("y") == [1, 2, 3, 4, 5, 6])
  }

  @Test func `shares a single bottom`() throws {
    let small = try SmallNet(["a": [1, 2]], layer())
    #expect(try small.blob("y").data === small.blob("a").data)
    #expect(try small.blob("y").diff === small.blob("a").diff)
  }

  @Test(arguments: [
    ([2, 3, 4], "All inputs must have the same shape, except at concat_axis."),
    ([2, 3], "All inputs must have the same number of axes."),
  ])
  func `refuses bottoms that do not fit`(shape: [Int], message: String) {
    let text = refusal { _ = try SmallNet(["a": [2, 3, 5], "b": shape], layer()) }
    #expect(text.contains(message), "\(text)")
  }

  @Test(arguments: [
    ("axis: 1 concat_dim: 1", "Either axis or concat_dim should be specified; not both."),
    ("concat_dim: 4294967295", "out of range"), ("axis: 3", "axis 3 out of range"),
  ])
  func `refuses axes that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["a": [2, 3, 5], "b": [2, 3, 5]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
