import Caffe
import Testing

@Suite struct `The BNLL layer` {
  private let layer = #"name: "bnll" type: "BNLL" top: "y""#

  @Test func `is x far above 0, and 0 far below`() throws {
    let small = try SmallNet(["x": [3]], layer)
    try small.feed("x", [1000, -1000, 0])
    try small.net.forward()
    try small.setDiffs("y", [1, 1, 1])
    try small.net.backward()
    #expect(areClose(try small.values("y"), [1000, 0, 0.6931472]))
    #expect(try small.diffs("x") == [1, 0, 0.5])
  }
}
