import Caffe
import Testing

@Suite struct `The SigmoidCrossEntropyLoss layer` {
  private func layer(_ parameter: String = "") -> String {
    #"name: "loss" type: "SigmoidCrossEntropyLoss" top: "loss" loss_param { \#(parameter) }"#
  }

  @Test(
    arguments: [
      ("", 2), ("normalization: BATCH_SIZE", 2), ("normalization: FULL", 6), ("normalization: VALID", 4),
      ("normalization: NONE", 1), ("normalize: true", 4), ("normalize: false", 2),
      ("normalization: FULL normalize: true", 6),
    ] as [(String, Float)])
  func `is divided as asked`(parameter: String, divisor: Float) throws {
    let small = try SmallNet(["x": [2, 3], "t": [2, 3]], layer("ignore_label: 7 " + parameter))
    try small.feed("x", [0, 0, 0, 0, 5, 5])
    try small.feed("t", [0, 1, 0.5, 1, 7, 7])
    #expect(abs(try small.net.forward() - 4 * 0.6931472 / divisor) < 1e-6)
    try small.net.backward()
    #expect(areClose(try small.diffs("x"), [0.5, -0.5, 0, -0.5, 0, 0].map { $0 / divisor }))
  }

  @Test func `cuts off the fraction of a target before it compares it with the ignored label`() throws {
    let small = try SmallNet(["x": [1, 4], "t": [1, 4]], layer("ignore_label: 0 normalization: VALID"))
    try small.feed("x", [0, 0, 0, 0])
    try small.feed("t", [0, 0.9, -0.9, 1])
    #expect(abs(try small.net.forward() - 0.6931472) < 1e-6)
  }

  @Test func `stays finite at large scores`() throws {
    let small = try SmallNet(["x": [1, 2], "t": [1, 2]], layer())
    try small.feed("x", [1000, -1000])
    try small.feed("t", [0, 1])
    #expect(try small.net.forward() == 2000)
  }

  @Test func `refuses different counts`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3], "t": [2, 2]], layer()) }
    #expect(text.contains("SIGMOID_CROSS_ENTROPY_LOSS layer inputs must have the same count."), "\(text)")
  }

  @Test func `has no gradient for targets`() throws {
    let small = try SmallNet(["x": [2, 3], "t": [2, 3]], layer() + " propagate_down: true propagate_down: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Layer cannot backpropagate to label inputs."))
  }
}
