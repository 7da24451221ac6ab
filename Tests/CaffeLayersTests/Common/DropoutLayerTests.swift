import Caffe
import CaffeTesting
import Testing

@Suite struct `The Dropout layer` {
  private func layer(_ parameter: String = "", _ more: String = #"top: "y""#) -> String {
    #"name: "drop" type: "Dropout" \#(more) dropout_param { \#(parameter) }"#
  }

  @Test func `drops the given part and scales the rest up`() throws {
    let small = try SmallNet(["x": [10000]], layer("dropout_ratio: 0.3"))
    try small.feed("x", Array(repeating: 1, count: 10000))
    try small.net.forward()
    let y = try small.values("y")
    #expect(y.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
    #expect(abs(y.count { $0 == 0 } - 3000) < 200)
  }

  @Test func `draws anew in every pass, and again the same after a restoration`() throws {
    let small = try SmallNet(["x": [100]], layer())
    try small.feed("x", Array(repeating: 1, count: 100))
    let dropout = try #require(small.net.layers[1].layer as? DropoutLayer)
    try small.net.forward()
    let first = try small.values("y")
    let position = dropout.position
    try small.net.forward()
    let second = try small.values("y")
    #expect(first != second)
    dropout.restore(seed: dropout.seed, position: position)
    try small.net.forward()
    #expect(try small.values("y") == second)
  }

  @Test func `drops everything with a ratio of one`() throws {
    let small = try SmallNet(["x": [3]], layer("dropout_ratio: 1"))
    try small.feed("x", [1, 2, 3])
    try small.net.forward()
    #expect(try small.values("y") == [0, 0, 0])
  }

  @Test func `changes nothing in TEST`() throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer()), bottoms: [[4, 5]])
    trial.phase = .test
    try GradientCheck(trial).check(on: .reference)
    let net = try SmallNet(["x": [3]], layer("", #"top: "y" phase: TEST"#))
    try net.feed("x", [1, 2, 3])
    try net.net.forward()
    #expect(try net.values("y") == [1, 2, 3])
  }

  @Test(arguments: ["dropout_ratio: 1.5", "dropout_ratio: -0.1", "dropout_ratio: nan"])
  func `refuses a ratio that is none`(parameter: String) {
    let text = refusal { _ = try SmallNet(["x": [3]], layer(parameter)) }
    #expect(text.contains("must lie between 0 and 1"), "\(text)")
  }
}
