import Caffe
import CaffeTesting
import Testing

@Suite struct `The AbsVal layer` {
  private static let parameters = [""]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "AbsVal" top: "y" \#(parameter)"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    trial.isInPlace = false
    var check = GradientCheck(trial)
    check.kink = 0
    check.kinkRange = 0.02
    try check.check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test func `has no slope at zero`() throws {
    let small = try SmallNet(["x": [3]], layer(""))
    try small.feed("x", [-2, 0, 3])
    try small.net.forward()
    try small.setDiffs("y", [5, 5, 5])
    try small.net.backward()
    #expect(try small.values("y") == [2, 0, 3])
    #expect(try small.diffs("x") == [-5, 0, 5])
  }
}
