import Caffe
import Testing

@Suite struct `The Crop layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "crop" type: "Crop" top: "\#(top)" crop_param { \#(parameter) }"#
  }

  @Test(
    arguments: zip(
      ["", "offset: 1", "offset: 0 offset: 2", "axis: -1 offset: 1"],
      [[0, 1, 4, 5], [5, 6, 9, 10], [2, 3, 6, 7], [1, 2, 5, 6, 9, 10]] as [[Float]]))
  func `cuts out a window`(parameter: String, window: [Float]) throws {
    let small = try SmallNet(["x": [1, 1, 3, 4], "like": [7, 7, 2, 2]], layer(parameter))
    try small.feed("x", (0..<12).map(Float.init))
    try small.net.forward()
    #expect(try small.values("y") == window)
  }

  @Test func `takes the window of the first axes too`() throws {
    let small = try SmallNet(["x": [3, 2], "like": [2, 1, 9]], layer("axis: 0 offset: 1"))
    try small.feed("x", [0, 1, 2, 3, 4, 5])
    try small.net.forward()
    try small.setDiffs("y", [10, 20])
    try small.net.backward()
    #expect(try small.blob("y").shape == [2, 1])
    #expect(try small.values("y") == [3, 5])
    #expect(try small.diffs("x") == [0, 0, 0, 10, 0, 20])
  }

  @Test func `gives the reference no gradient`() throws {
    let small = try SmallNet(["x": [1, 1, 2, 2], "like": [1, 1, 1, 1]], layer(""))
    try small.net.forward()
    try small.setDiffs("like", [3])
    try small.net.backward()
    #expect(try small.diffs("like") == [0])
  }

  @Test func `makes an empty top after an empty reference`() throws {
    let small = try SmallNet(["x": [1, 1, 2, 2], "like": [1, 1, 0, 2]], layer(""))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [1, 1, 0, 2])
    #expect(try small.diffs("x") == [0, 0, 0, 0])
  }

  @Test(arguments: [
    ("offset: 2", "the crop for dimension 2 is out-of-bounds with size 2 and offset 2"),
    ("offset: 4294967295", "the crop for dimension 2 is out-of-bounds with size 2 and offset 4294967295"),
    (
      "offset: 1 offset: 1 offset: 1",
      "number of offset values specified must be equal to the number of dimensions following axis."
    ),
    ("axis: 4", "axis 4 out of range for 4-D Blob"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [1, 1, 3, 4], "like": [1, 1, 2, 2]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses a reference with fewer axes`() {
    let text = refusal { _ = try SmallNet(["x": [1, 1, 3, 4], "like": [1, 1, 2]], layer("")) }
    #expect(text.contains("axis 3 out of range for 3-D Blob"), "\(text)")
  }
}
