import Caffe
import CaffeTesting
import Testing

@Suite struct `The Softmax layer` {
  private static let parameters = ["", "axis: 0", "axis: -1", "engine: CAFFE"]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Softmax" top: "y" softmax_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    for engine in EngineChoice.allCases {
      var trial = try LayerTrial(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
      trial.isInPlace = isInPlace
      try GradientCheck(trial).check(on: engine)
    }
  }

  @Test(arguments: ["", "axis: -1"], EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test func `refuses an axis that does not exist`() {
    let text = refusal { _ = try SmallNet(["x": [2]], layer("")) }
    #expect(text.contains("axis 1 out of range for 1-D Blob with shape 2 (2)"), "\(text)")
  }
}
