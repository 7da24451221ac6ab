import Caffe
import Testing

@Suite struct `The LRN layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "norm" type: "LRN" top: "\#(top)" lrn_param { \#(parameter) }"#
  }

  @Test func `divides alpha by the number of channels`() throws {
    let small = try SmallNet(["x": [1, 3, 1, 1]], layer("local_size: 3 alpha: 3 beta: 1"))
    try small.feed("x", [1, 1, 1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [1 / 3, 1 / 4, 1 / 3]))
  }

  @Test func `divides alpha by the pixels of a full square, and ignores k, within a channel`() throws {
    let small = try SmallNet(
      ["x": [1, 1, 2, 2]], layer("local_size: 3 alpha: 9 beta: 1 k: 100 norm_region: WITHIN_CHANNEL"))
    try small.feed("x", [1, 1, 1, 1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0.2, 0.2, 0.2, 0.2]))
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer(""))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }
}
