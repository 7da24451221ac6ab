import Caffe
import CaffeTesting
import Testing

@Suite struct `The Reduction layer` {
  private static let parameters = [
    "", "operation: ASUM coeff: 2", "operation: SUMSQ axis: 1", "operation: MEAN axis: -1 coeff: -3",
  ]

  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "sum" type: "Reduction" top: "\#(top)" reduction_param { \#(parameter) }"#
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `has the gradients that small steps show`(parameter: String, engine: EngineChoice) throws {
    var check = try GradientCheck(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]])
    check.kinkRange = parameter.contains("ASUM") ? 0.02 : 0
    try check.check(on: engine)
  }

  @Test(arguments: parameters, EngineChoice.allCases)
  func `keeps the contract of every layer`(parameter: String, engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer(parameter)), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test(
    arguments: zip(
      ["", "operation: ASUM", "operation: SUMSQ", "operation: MEAN coeff: 2"],
      [[-1, -1], [3, 11], [5, 61], [-1, -1]] as [[Float]]))
  func `reduces the last axes to one number`(parameter: String, sums: [Float]) throws {
    let small = try SmallNet(["x": [2, 1, 2]], layer("axis: 1 \(parameter)"))
    try small.feed("x", [1, -2, 5, -6])
    try small.net.forward()
    #expect(try small.blob("y").shape == [2])
    #expect(try small.values("y") == sums)
  }

  @Test func `makes a scalar of the whole`() throws {
    let small = try SmallNet(["x": [2, 2]], layer(""))
    try small.feed("x", [1, 2, 3, 4])
    try small.net.forward()
    #expect(try small.blob("y").shape == .scalar)
    #expect(try small.values("y") == [10])
  }

  @Test func `gives 0 no gradient under ASUM`() throws {
    let small = try SmallNet(["x": [3]], layer("operation: ASUM"))
    try small.feed("x", [-2, 0, 2])
    try small.net.forward()
    try small.setDiffs("y", [5])
    try small.net.backward()
    #expect(try small.diffs("x") == [-5, 0, 5])
  }

  @Test(arguments: zip(["", "operation: MEAN"], [0, .nan] as [Float]))
  func `makes 0 of nothing, and NaN of its mean`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1, 0]], layer("axis: 1 \(parameter)"))
    try small.net.forward()
    try small.net.backward()
    let y = try small.values("y")[0]
    #expect(value.isNaN ? y.isNaN : y == value)
  }

  @Test func `refuses an axis that is not there`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer("axis: 2")) }
    #expect(text.contains("axis 2 out of range for 2-D Blob"), "\(text)")
  }

  @Test func `refuses to work in place`() {
    let text = refusal { _ = try SmallNet(["x": [1]], layer("", top: "x")) }
    #expect(text.contains("Layer does not allow in-place computation."), "\(text)")
  }
}
