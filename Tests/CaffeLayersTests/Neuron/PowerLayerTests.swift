import Caffe
import CaffeTesting
import Testing

@Suite struct `The Power layer` {
  private static let parameters = [
    "", "scale: 0.1 shift: -4", "power: 2 scale: -1 shift: 0.5", "power: 3", "power: 0.5 shift: 5",
    "power: -1 shift: 5", "power: 0", "scale: 0 shift: 2 power: 3",
  ]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Power" top: "y" power_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], -1, 1)])
    trial.isInPlace = false
    try GradientCheck(trial).check(on: engine)
  }

  // With power 1 the golden case Power_inplace holds the original's number, which is another.
  @Test(arguments: parameters.dropFirst(2), EngineChoice.allCases)
  func `works in place`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], -1, 1)])
    trial.isInPlace = true
    try GradientCheck(trial).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], -1, 1)]).check(
      on: engine)
  }
}
