import Caffe
import Testing

@Suite struct `The Clip layer` {
  private let layer = #"name: "clip" type: "Clip" top: "y" clip_param { min: -0.5 max: 0.5 }"#

  @Test func `lets the gradient through at the limits, but not beyond`() throws {
    let small = try SmallNet(["x": [5]], layer)
    try small.feed("x", [-0.6, -0.5, 0, 0.5, 0.6])
    try small.net.forward()
    try small.setDiffs("y", [1, 1, 1, 1, 1])
    try small.net.backward()
    #expect(try small.values("y") == [-0.5, -0.5, 0, 0.5, 0.5])
    #expect(try small.diffs("x") == [0, 1, 1, 1, 0])
  }

  @Test func `makes NaN the lower limit`() throws {
    let small = try SmallNet(["x": [1]], layer)
    try small.feed("x", [.nan])
    try small.net.forward()
    #expect(try small.values("y") == [-0.5])
  }

  @Test(arguments: ["", "min: 0", "max: 0"])
  func `needs both limits`(parameter: String) {
    let text = refusal {
      _ = try SmallNet(["x": [1]], #"name: "clip" type: "Clip" top: "y" clip_param { \#(parameter) }"#)
    }
    #expect(text.contains("clip_param") && text.contains(parameter.hasPrefix("min") ? "max" : "min"), "\(text)")
  }
}
