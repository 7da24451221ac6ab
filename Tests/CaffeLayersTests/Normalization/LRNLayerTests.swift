import Caffe
import CaffeTesting
import Testing

@Suite struct `The LRN layer` {
  private static let parameters = [
    "", "local_size: 3 alpha: 2 beta: 0.5 k: 2", "local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL",
    "local_size: 5 beta: 1 norm_region: WITHIN_CHANNEL", "local_size: 99",
  ]

  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "norm" type: "LRN" top: "\#(top)" lrn_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 7, 3, 3]])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 7, 3, 3]]).check(on: engine)
  }

  @Test func `divides alpha by the number of channels`() throws {
    let small = try SmallNet(["x": [1, 3, 1, 1]], layer("local_size: 3 alpha: 3 beta: 1"))
    try small.feed("x", [1, 1, 1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [1 / 3, 1 / 4, 1 / 3]))
  }

  @Test func `divides alpha by the pixels of a full square, and ignores k, within a channel`() throws {
    let small = try SmallNet(
      ["x": [1, 1, 2, 2]], layer("local_size: 3 alpha: 9 beta: 1 k: 100 norm_region: WITHIN_CHANNEL"))
    try small.feed("x", [1, 1, 1, 1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0.2, 0.2, 0.2, 0.2]))
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer(""))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }

  @Test(arguments: ["local_size: 4", "local_size: 0"])
  func `refuses an even size`(parameter: String) {
    let text = refusal { _ = try SmallNet(["x": [1, 3, 2, 2]], layer(parameter)) }
    #expect(text.contains("LRN only supports odd values for local_size"), "\(text)")
  }

  @Test func `refuses other than four axes`() {
    let text = refusal { _ = try SmallNet(["x": [1, 3, 2]], layer("")) }
    #expect(text.contains("Input must have 4 axes, corresponding to (num, channels, height, width)"), "\(text)")
  }
}
