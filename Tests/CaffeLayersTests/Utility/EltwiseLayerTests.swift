import Caffe
import CaffeTesting
import Testing

@Suite struct `The Eltwise layer` {
  private static let parameters = [
    "", "coeff: 2 coeff: -1 coeff: 0.5", "operation: PROD", "operation: PROD stable_prod_grad: false", "operation: MAX",
  ]

  /// Values that differ by more than a small step, and are not 0.
  private static let bottoms = (0..<3).map { bottom in
    TrialBottom.values([2, 3, 2], (0..<12).map { Float(($0 * 5 + bottom * 7) % 13) / 4 - 1.6 + Float(bottom) / 10 })
  }

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Eltwise" top: "y" eltwise_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    try GradientCheck(LayerDefinition(prototxt: layer(parameter)), bottoms: Self.bottoms).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `works in place`(parameter: String, engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: Self.bottoms)
    trial.isInPlace = true
    try GradientCheck(trial).check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: Self.bottoms).check(on: engine)
  }

  @Test func `sends the gradient of a maximum to the second of two that tie`() throws {
    let small = try SmallNet(["a": [2], "b": [2], "c": [2]], layer("operation: MAX"))
    for (name, values) in ["a": [1, 1], "b": [1, 0], "c": [1, 1]] as [String: [Float]] { try small.feed(name, values) }
    try small.net.forward()
    try small.setDiffs("y", [5, 6])
    try small.net.backward()
    #expect(try small.diffs("a") == [0, 6])
    #expect(try small.diffs("b") == [5, 0])
    #expect(try small.diffs("c") == [0, 0])
  }

  @Test(arguments: [
    ("operation: PROD coeff: 1 coeff: 1", "Eltwise layer only takes coefficients for summation."),
    ("coeff: 1", "Eltwise Layer takes one coefficient per bottom blob."),
  ])
  func `refuses coefficients that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["a": [2], "b": [2]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses bottoms of different shape`() {
    let text = refusal { _ = try SmallNet(["a": [2, 3], "b": [3, 2]], layer("")) }
    #expect(text.contains("bottom[0]: 2 3 (6), bottom[1]: 3 2 (6)"), "\(text)")
  }
}
