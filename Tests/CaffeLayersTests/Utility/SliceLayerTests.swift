import Caffe
import Testing

@Suite struct `The Slice layer` {
  private func layer(_ parameter: String = "", tops: String = #"top: "a" top: "b""#) -> String {
    #"name: "l" type: "Slice" \#(tops) slice_param { \#(parameter) }"#
  }

  @Test func `cuts where it is told`() throws {
    let small = try SmallNet(["x": [2, 3]], layer("slice_point: 1"))
    try small.feed("x", [1, 2, 3, 4, 5, 6])
    try small.net.forward()
    #expect(try small.values("a") == [1, 4])
    #expect(try small.values("b") == [2, 3, 5, 6])
  }

  @Test func `shares its bottom with a single top`() throws {
    let small = try SmallNet(["x": [2, 3]], layer(tops: #"top: "a""#))
    #expect(try small.blob("x").data === small.blob("a").data)
  }

  @Test(arguments: [
    ("axis: 1 slice_dim: 1", "Either axis or slice_dim should be specified; not both."),
    ("", "Number of top blobs (2) should evenly divide input slice axis (3)"),
    ("slice_point: 1 slice_point: 2", "2 tops need 1 slice_points, not 2"),
    ("slice_point: 0", "must ascend"), ("slice_point: 3", "must ascend"), ("axis: 2", "axis 2 out of range"),
  ])
  func `refuses cuts that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
