import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `The LSTMUnit layer` {
  private let layer = #"name: "unit" type: "LSTMUnit" top: "c" top: "h""#
  @Test(arguments: [0, 0.5, 1] as [Float])
  func `forgets by cont`(cont: Float) throws {
    let small = try SmallNet(["c0": [1, 1, 1], "a": [1, 1, 4], "cont": [1, 1]], layer)
    try small.feed("c0", [2])
    try small.feed("a", [0.1, 0.2, 0.3, 0.4])
    try small.feed("cont", [cont])
    try small.net.forward()
    func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
    let f = cont * sigmoid(0.2)
    let c = f * 2 + sigmoid(0.1) * tanh(0.4)
    #expect(areClose(try small.values("c"), [c]))
    #expect(areClose(try small.values("h"), [sigmoid(0.3) * tanh(c)]))

    try small.setDiffs("c", [1])
    try small.setDiffs("h", [0])
    try small.net.backward()
    #expect(areClose(try small.diffs("c0"), [f]))
    // The gradient of Caffe, which is f · (1 − f) where f · (1 − f / cont) would be exact.
    #expect(abs(try small.diffs("a")[1] - 2 * f * (1 - f)) < 1e-6)
  }

  @Test func `refuses gate inputs that are not four to a unit`() {
    let text = refusal { _ = try SmallNet(["c0": [1, 2, 3], "a": [1, 2, 9], "cont": [1, 2]], layer) }
    #expect(text.contains("4 values for each unit"), "\(text)")
  }

  @Test func `refuses cells of more than one step`() {
    let text = refusal { _ = try SmallNet(["c0": [2, 2, 3], "a": [2, 2, 12], "cont": [2, 2]], layer) }
    #expect(text.contains("1 × streams × units"), "\(text)")
  }

  @Test func `refuses indicators of another number of streams`() {
    let text = refusal { _ = try SmallNet(["c0": [1, 2, 3], "a": [1, 2, 12], "cont": [1, 3]], layer) }
    #expect(text.contains("continuation indicators"), "\(text)")
  }

  @Test func `has no gradient for indicators`() throws {
    let small = try SmallNet(
      ["c0": [1, 2, 1], "a": [1, 2, 4], "cont": [1, 2]],
      layer + " loss_weight: 1 loss_weight: 0 propagate_down: true propagate_down: true propagate_down: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("cannot backpropagate to continuation indicators"))
  }
}
