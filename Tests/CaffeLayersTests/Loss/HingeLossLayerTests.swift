import Caffe
import Testing

@Suite struct `The HingeLoss layer` {
  private static let norms = ["L1", "L2"]

  private func definition(_ norm: String) throws -> LayerDefinition {
    try LayerDefinition(prototxt: #"type: "HingeLoss" hinge_loss_param { norm: \#(norm) }"#)
  }

  @Test(arguments: zip(norms, [3, 9] as [Float]))
  func `hinges the true class below 1 and the others above -1`(norm: String, loss: Float) throws {
    let small = try SmallNet(
      ["x": [2, 3], "y": [2]], #"name: "loss" type: "HingeLoss" top: "loss" hinge_loss_param { norm: \#(norm) }"#)
    try small.feed("x", [2, -2, 0, 3, 0, -2])
    try small.feed("y", [0, 1])
    // The errors are 0, 0, 1 and 4, 1, 0.
    #expect(try small.net.forward() == loss)
    try small.net.backward()
    #expect(try small.diffs("x") == (norm == "L1" ? [0, 0, 0.5, 0.5, -0.5, 0] : [0, 0, 1, 4, -1, 0]))
  }

  @Test func `names a label out of range`() throws {
    let small = try SmallNet(["x": [2, 3], "y": [2]], #"name: "loss" type: "HingeLoss" top: "loss""#)
    try small.feed("y", [0, 3])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("label 3 at index 1 is out of range") && text.contains("0 to 2"), "\(text)")
  }

  @Test func `refuses more labels than items`() {
    let text = refusal {
      _ = try SmallNet(["x": [2, 3], "y": [2, 2]], #"name: "loss" type: "HingeLoss" top: "loss""#)
    }
    #expect(text.contains("one label for each of the 2 items"), "\(text)")
  }

  @Test func `refuses batches of different size`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3], "y": [3]], #"name: "loss" type: "HingeLoss" top: "loss""#) }
    #expect(text.contains("The data and label should have the same first dimension. (2 vs. 3)"), "\(text)")
  }

  @Test func `has no gradient for labels`() throws {
    let small = try SmallNet(
      ["x": [2, 3], "y": [2]],
      #"name: "loss" type: "HingeLoss" top: "loss" propagate_down: true propagate_down: true"#)
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Layer cannot backpropagate to label inputs."))
  }
}
