import Caffe
import Testing

@Suite struct `The MVN layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "mvn" type: "MVN" top: "\#(top)" mvn_param { \#(parameter) }"#
  }

  @Test func `normalises each channel by itself, or all together`() throws {
    let apart = try SmallNet(["x": [1, 2, 1, 2]], layer(""))
    try apart.feed("x", [1, 3, 10, 30])
    try apart.net.forward()
    #expect(areClose(try apart.values("y"), [-1, 1, -1, 1]))
    let together = try SmallNet(["x": [1, 2, 1, 2]], layer("across_channels: true"))
    try together.feed("x", [1, 3, 3, 1])
    try together.net.forward()
    #expect(areClose(try together.values("y"), [-1, 1, 1, -1]))
  }

  @Test func `adds eps to the deviation, not to the variance`() throws {
    let small = try SmallNet(["x": [1, 1, 1, 2]], layer("eps: 1"))
    try small.feed("x", [-3, 3])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [-0.75, 0.75]))
  }

  @Test func `makes a flat image 0`() throws {
    let small = try SmallNet(["x": [1, 1, 3, 7]], layer(""))
    try small.feed("x", Array(repeating: 0.1, count: 21))
    try small.net.forward()
    #expect(try small.values("y").allSatisfy { $0 == 0 })
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer(""))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }
}
