import Caffe
import Testing

@Suite struct `The Bias layer` {
  @Test func `has its values added along an axis, whether they are learned or a bottom`() throws {
    let layer = #"name: "l" type: "Bias" top: "y""#
    let learned = try SmallNet(["x": [2, 2]], layer)
    learned.net.parameters[0].blob.data.mutableValues[0] = 10
    learned.net.parameters[0].blob.data.mutableValues[1] = 20
    let given = try SmallNet(["x": [2, 2], "s": [2]], layer)
    try given.feed("s", [10, 20])
    for small in [learned, given] {
      try small.feed("x", [1, 2, 3, 4])
      try small.net.forward()
      #expect(try small.values("y") == [11, 22, 13, 24])
    }
  }
}
