import Caffe
import Testing

@Suite struct `The PReLU layer` {
  private static let parameters = ["", "filler { type: 'gaussian' }", "channel_shared: true filler { value: -0.5 }"]

  private func layer(_ parameter: String = "", top: String = "y") -> String {
    #"name: "prelu" type: "PReLU" top: "\#(top)" prelu_param { \#(parameter) }"#
  }

  @Test func `starts with the slope 0.25`() throws {
    let small = try SmallNet(["x": [1, 2]], layer())
    try small.feed("x", [-4, 4])
    try small.net.forward()
    #expect(try small.values("y") == [-1, 4])
  }

  @Test func `learns one slope for each channel, or one for all`() throws {
    for (parameter, gradients) in [("", [-1, -2]), ("channel_shared: true", [-3])] as [(String, [Float])] {
      let small = try SmallNet(["x": [1, 2, 2]], layer(parameter))
      try small.feed("x", [-1, 5, -2, 0])
      try small.net.forward()
      try small.setDiffs("y", [1, 1, 1, 1])
      try small.net.backward()
      let slopes = try #require(small.net.layers.last?.layer.parameters.first)
      #expect(Array(slopes.diff.values) == gradients)
      #expect(try small.diffs("x") == [0.25, 1, 0.25, 0.25])
    }
  }

  @Test func `lets NaN through`() throws {
    let small = try SmallNet(["x": [1, 1]], layer())
    try small.feed("x", [.nan])
    try small.net.forward()
    #expect(try small.values("y")[0].isNaN)
  }
}
