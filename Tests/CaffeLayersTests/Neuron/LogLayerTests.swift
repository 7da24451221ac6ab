import Caffe
import CaffeTesting
import Testing

@Suite struct `The Log layer` {
  private static let parameters = ["", "base: 2", "base: 0.5 scale: 2 shift: 1", "shift: 4 scale: -1"]

  private func layer(_ parameter: String) -> String {
    #"name: "log" type: "Log" top: "y" log_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], 0.5, 3)])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [.uniform([2, 3, 4], 0.5, 3)])
      .check(on: engine)
  }

  @Test(arguments: zip(["", "base: 2", "base: 10 scale: 25"], [1.3862944, 2, 2] as [Float]))
  func `takes the logarithm to the base`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1]], layer(parameter))
    try small.feed("x", [4])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [value]))
  }

  @Test func `is minus infinity at 0 and NaN below`() throws {
    let small = try SmallNet(["x": [2]], layer(""))
    try small.feed("x", [0, -1])
    try small.net.forward()
    #expect(try small.values("y")[0] == -.infinity)
    #expect(try small.values("y")[1].isNaN)
  }

  @Test(
    arguments: zip(["base: 0", "base: -2", "base: 1"], ["strictly positive.", "strictly positive.", "Inf result"]))
  func `refuses a base without logarithms`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [1]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
