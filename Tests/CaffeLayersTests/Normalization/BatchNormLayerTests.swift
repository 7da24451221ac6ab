import Caffe
import CaffeTesting
import Testing

@Suite struct `The BatchNorm layer` {
  private func layer(_ parameter: String = "", _ more: String = #"top: "y""#) -> String {
    #"name: "bn" type: "BatchNorm" \#(more) batch_norm_param { \#(parameter) }"#
  }

  @Test(arguments: [[4, 3, 2, 3], [6, 3]], [false, true])
  func `has the gradients that small steps show, in place as well`(shape: [Int], isInPlace: Bool) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer()), bottoms: [.gaussian(Shape(shape))])
    trial.isInPlace = isInPlace
    var check = GradientCheck(trial)
    check.parameters = []
    check.tolerance = 5e-3
    try check.check(on: .reference)
  }

  @Test(arguments: EngineChoice.allCases)
  func `keeps the contract of every layer`(engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer()), bottoms: [[4, 3, 2, 3]]).check(on: engine)
  }

  @Test func `normalises each channel and moves its statistics on`() throws {
    let small = try SmallNet(["x": [2, 1, 1, 2]], layer("moving_average_fraction: 0.5 eps: 0"))
    try small.feed("x", [1, 3, 1, 3])
    for _ in 0..<2 { try small.net.forward() }
    #expect(areClose(try small.values("y"), [-1, 1, -1, 1]))
    let stored = small.net.layers[1].layer.parameters.map { $0.data.values[0] }
    #expect(areClose(stored, [3, 2, 1.5]))
  }

  @Test func `takes no statistics as zeros`() throws {
    let small = try SmallNet(["x": [1, 1, 1, 2]], layer("use_global_stats: true eps: 4"))
    try small.feed("x", [1, 3])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0.5, 1.5]))
  }

  @Test(arguments: EngineChoice.allCases)
  func `makes an empty top from an empty batch`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer("use_global_stats: true"), engine: engine)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }

  @Test func `refuses to have its statistics learned`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer("", #"top: "y" param { lr_mult: 1 }"#)) }
    #expect(text.contains("Cannot configure batch normalization statistics as layer parameters."), "\(text)")
  }

  @Test func `refuses a single axis`() {
    let text = refusal { _ = try SmallNet(["x": [7]], layer()) }
    #expect(text.contains("axis 1 out of range for 1-D Blob with shape 7 (7)"), "\(text)")
  }

  @Test func `refuses other channels later`() throws {
    let small = try SmallNet(["x": [2, 3]], layer())
    try small.blob("x").reshape(to: [2, 4])
    #expect(refusal { try small.net.forward() }.contains("has 4 channels, but the layer was set up for 3"))
  }
}
