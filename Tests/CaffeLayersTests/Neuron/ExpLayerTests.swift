import Caffe
import CaffeTesting
import Testing

@Suite struct `The Exp layer` {
  private static let parameters = ["", "base: 2", "base: 0.5 scale: -2 shift: 1", "shift: 2 scale: 0.5"]

  private func layer(_ parameter: String) -> String {
    #"name: "exp" type: "Exp" top: "y" exp_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], -1, 1)])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test(arguments: zip(["", "base: 2", "base: 3 scale: 2 shift: -1"], [2.7182817, 2, 3] as [Float]))
  func `raises the base`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1]], layer(parameter))
    try small.feed("x", [1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [value]))
  }

  @Test(arguments: ["base: 0", "base: -2"])
  func `refuses a base that is not positive`(parameter: String) {
    let text = refusal { _ = try SmallNet(["x": [1]], layer(parameter)) }
    #expect(text.contains("base must be strictly positive."), "\(text)")
  }

  @Test func `refuses an infinite base`() {
    #expect(refusal { _ = try SmallNet(["x": [1]], layer("base: inf")) }.contains("Inf result"))
  }
}
