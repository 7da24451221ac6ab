import Caffe
import CaffeTesting
import Testing

@Suite struct `The ReLU layer` {
  private static let parameters = ["", "negative_slope: 0.1", "negative_slope: -0.5", "engine: CAFFE", "engine: CUDNN"]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "ReLU" top: "y" relu_param { \#(parameter) }"#
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
  func `works in place`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    trial.isInPlace = true
    var check = GradientCheck(trial)
    check.kink = 0
    check.kinkRange = 0.02
    try check.check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test(arguments: EngineChoice.allCases)
  func `passes what is positive`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [3]], layer("negative_slope: 0.5"), engine: engine)
    try small.feed("x", [-2, 0, 3])
    try small.net.forward()
    #expect(try small.values("y") == [-1, 0, 3])
  }
}
