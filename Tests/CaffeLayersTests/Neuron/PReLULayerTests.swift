import Caffe
import CaffeTesting
import Testing

@Suite struct `The PReLU layer` {
  private static let parameters = ["", "filler { type: 'gaussian' }", "channel_shared: true filler { value: -0.5 }"]

  private func layer(_ parameter: String = "", top: String = "y") -> String {
    #"name: "prelu" type: "PReLU" top: "\#(top)" prelu_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 2, 3]])
    trial.isInPlace = isInPlace
    var check = GradientCheck(trial)
    check.kinkRange = 0.02
    try check.check(on: .reference)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 2, 3]]).check(on: engine)
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

  @Test(arguments: [
    ([3], "Number of axes of bottom blob must be >=2."),
    ([1, 2, 1, 1, 1], "Cannot use legacy accessors on Blobs with > 4 axes."),
  ])
  func `refuses a wrong number of axes`(shape: [Int], message: String) {
    let text = refusal { _ = try SmallNet(["x": shape], layer()) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses other channels later`() throws {
    let small = try SmallNet(["x": [1, 2]], layer())
    try small.blob("x").reshape(to: [1, 3])
    #expect(refusal { try small.net.forward() }.contains("dimension mismatch"))
  }

  @Test func `refuses slopes of another shape`() {
    let text = refusal {
      _ = try SmallNet(["x": [1, 2]], layer() + " blobs { shape { dim: 3 } data: 1 data: 1 data: 1 }")
    }
    #expect(text.contains("Incorrect weight shape: expected shape 2 (2)"), "\(text)")
  }
}
