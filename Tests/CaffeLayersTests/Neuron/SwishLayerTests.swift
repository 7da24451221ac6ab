import Caffe
import CaffeTesting
import Testing

@Suite struct `The Swish layer` {
  private static let parameters = ["", "beta: 1.5", "beta: 0", "beta: -1"]

  private func layer(_ parameter: String) -> String {
    #"name: "swish" type: "Swish" top: "y" swish_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test func `is x far above 0, and 0 at and far below 0`() throws {
    let small = try SmallNet(["x": [3]], layer(""))
    try small.feed("x", [100, 0, -100])
    try small.net.forward()
    #expect(try small.values("y") == [100, 0, 0])
  }
}
