import Caffe
import CaffeTesting
import Testing

@Suite struct `The BNLL layer` {
  private let layer = #"name: "bnll" type: "BNLL" top: "y""#

  @Test(arguments: [false, true])
  func `has the gradients that small steps show, in place as well`(isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer), bottoms: [[2, 3, 4]])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: EngineChoice.allCases)
  func `keeps the contract of every layer`(engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer), bottoms: [[2, 3, 4]]).check(on: engine)
  }

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
