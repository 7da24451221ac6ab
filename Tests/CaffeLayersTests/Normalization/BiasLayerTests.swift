import Caffe
import CaffeTesting
import Testing

@Suite struct `The Bias layer` {
  private static let parameters = ["", "num_axes: 2", "num_axes: -1", "num_axes: 0", "axis: 0 num_axes: 2", "axis: -1"]

  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Bias" top: "y" bias_param { \#(parameter) }"#
  }

  private static let fillers = #"filler { type: "gaussian" }"#

  @Test(arguments: parameters, [false, true])
  func `has the gradients that small steps show, in place as well`(parameter: String, isInPlace: Bool) throws {
    var trial = try LayerTrial(
      LayerDefinition(prototxt: layer("\(parameter) \(Self.fillers)")), bottoms: [[2, 3, 4]])
    trial.isInPlace = isInPlace
    try GradientCheck(trial).check(on: .reference)
  }

  @Test(arguments: parameters.filter { !$0.contains("axis: 0") }, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer("\(parameter) \(Self.fillers)")), bottoms: [[2, 3, 4]])
      .check(on: engine)
  }

  @Test(arguments: [([3], "axis: 1"), ([2, 3], "axis: 0"), ([], ""), ([3, 4], "")])
  func `takes its second bottom as the bias`(shape: [Int], parameter: String) throws {
    let definition = try LayerDefinition(prototxt: layer(parameter))
    try GradientCheck(definition, bottoms: [[2, 3, 4], .gaussian(Shape(shape))]).check(on: .reference)
  }

  @Test(arguments: [
    ([4], "dimension mismatch between bottom[0]->shape(1) and bias->shape(0)"),
    ([3, 4, 5], "bias blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis 1"),
  ])
  func `refuses a second bottom that does not fit`(shape: [Int], message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3, 4], "s": shape], layer("")) }
    #expect(text.contains(message), "\(text)")
  }

  @Test(arguments: [
    ("num_axes: 3", "bias blob's shape extends past bottom[0]'s shape"),
    ("num_axes: -2", "num_axes must be non-negative, or -1"), ("axis: 3", "axis 3 out of range for 3-D Blob"),
  ])
  func `refuses axes that do not exist`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3, 4]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
