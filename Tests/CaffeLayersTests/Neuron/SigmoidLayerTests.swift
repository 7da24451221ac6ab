import Caffe
import CaffeTesting
import Testing

@Suite struct `The Sigmoid layer` {
  private static let parameters = ["", "engine: CAFFE"]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Sigmoid" top: "y" sigmoid_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    trial.isInPlace = false
    try GradientCheck(trial).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `works in place`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    trial.isInPlace = true
    try GradientCheck(trial).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test(arguments: EngineChoice.allCases)
  func `does not overflow`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [3]], layer(""), engine: engine)
    try small.feed("x", [-1000, 0, 1000])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0, 0.5, 1]))
  }
}
