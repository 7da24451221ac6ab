import Caffe
import CaffeTesting
import Testing

@Suite struct `The ELU layer` {
  private static let parameters = ["", "alpha: 0.5", "alpha: 0", "alpha: -1"]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "ELU" top: "y" elu_param { \#(parameter) }"#
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
}
