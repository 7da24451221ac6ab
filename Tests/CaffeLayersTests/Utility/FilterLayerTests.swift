import Caffe
import CaffeTesting
import Testing

@Suite struct `The Filter layer` {
  private let layer = #"name: "filter" type: "Filter" top: "y""#

  @Test(arguments: EngineChoice.allCases)
  func `has the gradients that small steps show, where items are dropped`(engine: EngineChoice) throws {
    let definition = try LayerDefinition(prototxt: layer + #" top: "z""#)
    try GradientCheck(definition, bottoms: [[4, 2], [4, 1, 3], .values([4, 1], [1, 0, 0.5, -1])]).check(on: engine)
  }

  @Test func `lets items with a selector other than 0 pass, pass after pass`() throws {
    let small = try SmallNet(["x": [4, 1], "selector": [4]], layer)
    #expect(try small.blob("y").shape == [4, 1])
    try small.feed("x", [10, 20, 30, 40])
    for (selector, passing) in [([0, 1, 0, -1], [20, 40]), ([0.1, 0, 0, 0], [10])] as [([Float], [Float])] {
      try small.feed("selector", selector)
      try small.net.forward()
      #expect(try small.values("y") == passing)
    }
    try small.setDiffs("y", [5])
    try small.net.backward()
    #expect(try small.diffs("x") == [5, 0, 0, 0])
  }

  @Test func `lets nothing pass with a selector of zeros`() throws {
    let small = try SmallNet(["x": [2, 3], "selector": [2]], layer)
    try small.feed("selector", [0, 0])
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3])
    #expect(try small.diffs("x") == [0, 0, 0, 0, 0, 0])
  }

  @Test func `refuses a selector with more than one value for each item`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3], "selector": [2, 2]], layer) }
    #expect(text.contains("Selector blob dimensions must be singletons (1), except the first"), "\(text)")
  }

  @Test func `refuses bottoms of another batch size`() {
    let text = refusal { _ = try SmallNet(["x": [3, 3], "selector": [2]], layer) }
    #expect(text.contains("Each bottom should have the same 0th dimension as the selector blob"), "\(text)")
  }

  @Test func `refuses a wrong number of tops`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3], "selector": [2]], layer + #" top: "z""#) }
    #expect(text.contains("Top.size() should be equal to bottom.size() - 1"), "\(text)")
  }

  @Test func `refuses a single bottom`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer) }
    #expect(text.contains("Filter Layer takes at least 2 bottom blob(s) as input."), "\(text)")
  }

  @Test func `has no gradient for the selector`() throws {
    let small = try SmallNet(
      ["x": [2, 3], "selector": [2]], layer + " loss_weight: 1 propagate_down: true propagate_down: true")
    try small.net.forward()
    let text = refusal { try small.net.backward() }
    #expect(text.contains("Layer cannot backpropagate to filter index inputs"), "\(text)")
  }
}
