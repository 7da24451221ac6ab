import Caffe
import Testing

@Suite struct `The MultinomialLogisticLoss layer` {
  private let layer = #"name: "loss" type: "MultinomialLogisticLoss" top: "loss""#

  private func definition() throws -> LayerDefinition { try LayerDefinition(prototxt: layer) }

  @Test func `bounds the loss of an impossible class`() throws {
    let small = try SmallNet(["p": [1, 2], "y": [1]], layer)
    try small.feed("p", [0, 1])
    #expect(abs(try small.net.forward() - 46.0517) < 1e-3)
    try small.net.backward()
    #expect(areClose(try small.diffs("p"), [-1e20, 0]))
  }

  @Test func `names a label out of range`() throws {
    let small = try SmallNet(["p": [2, 3], "y": [2]], layer)
    try small.feed("y", [-1, 0])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("label -1 at index 0 is out of range") && text.contains("0 to 2"), "\(text)")
  }

  @Test func `refuses more labels than items`() {
    let text = refusal { _ = try SmallNet(["p": [2, 3], "y": [2, 2]], layer) }
    #expect(text.contains("one label for each of the 2 items"), "\(text)")
  }

  @Test func `has no gradient for labels`() throws {
    let small = try SmallNet(["p": [2, 3], "y": [2]], layer + " propagate_down: true propagate_down: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Layer cannot backpropagate to label inputs."))
  }
}
