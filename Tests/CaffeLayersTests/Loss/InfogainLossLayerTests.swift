import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `The InfogainLoss layer` {
  private func layer(_ parameter: String = "") -> String {
    #"name: "loss" type: "InfogainLoss" top: "loss" \#(parameter)"#
  }

  @Test func `is SoftmaxWithLoss where the matrix is the identity`() throws {
    let inputs: KeyValuePairs<String, [Int]> = ["x": [2, 3], "y": [2]]
    let scores: [Float] = [1, -2, 0.5, 3, 0, 1]
    let softmax = try SmallNet(inputs, #"name: "loss" type: "SoftmaxWithLoss" top: "loss""#)
    let infogain = try SmallNet(["x": [2, 3], "y": [2], "H": [3, 3]], layer())
    try infogain.feed("H", [1, 0, 0, 0, 1, 0, 0, 0, 1])
    for small in [softmax, infogain] {
      try small.feed("x", scores)
      try small.feed("y", [2, 0])
    }
    #expect(abs(try softmax.net.forward() - infogain.net.forward()) < 1e-6)
    try softmax.net.backward()
    try infogain.net.backward()
    #expect(areClose(try infogain.diffs("x"), try softmax.diffs("x")))
  }

  @Test(
    arguments: [
      ("", 3), ("normalization: VALID", 3), ("normalization: FULL", 4), ("normalization: BATCH_SIZE", 2),
      ("normalization: NONE", 1),
    ] as [(String, Float)])
  func `is divided as asked`(parameter: String, divisor: Float) throws {
    let small = try SmallNet(
      ["x": [2, 2, 2], "y": [2, 2], "H": [2, 2]], layer("loss_param { ignore_label: 1 \(parameter) }"))
    try small.feed("y", [0, 0, 1, 0])
    try small.feed("H", [2, 0, 9, 9])
    #expect(abs(try small.net.forward() - 6 * 0.6931472 / divisor) < 1e-5)
    try small.net.backward()
    let diffs = [-1, -1, 1, 1, 0, -1, 0, 1].map { Float($0) / divisor }
    #expect(areClose(try small.diffs("x"), diffs))
  }

  @Test func `reads the matrix from a file`() throws {
    let source = GoldenFiles.folder.appending(path: "layers/aux/infogain_4x4.binaryproto").path
    _ = try SmallNet(["x": [2, 4], "y": [2]], layer(#"infogain_loss_param { source: "\#(source)" }"#))
    let text = refusal {
      _ = try SmallNet(["x": [2, 3], "y": [2]], layer(#"infogain_loss_param { source: "\#(source)" }"#))
    }
    #expect(text.contains("the infogain matrix must be 3 × 3"), "\(text)")
  }

  @Test func `names a file that is not there`() {
    let text = refusal {
      _ = try SmallNet(["x": [2, 4], "y": [2]], layer(#"infogain_loss_param { source: "nowhere.binaryproto" }"#))
    }
    #expect(text.contains("nowhere.binaryproto"), "\(text)")
  }

  @Test func `needs a matrix`() {
    let text = refusal { _ = try SmallNet(["x": [2, 4], "y": [2]], layer()) }
    #expect(text.contains("Infogain matrix source must be specified."), "\(text)")
  }

  @Test func `refuses the old normalize`() {
    let text = refusal {
      _ = try SmallNet(["x": [2, 3], "y": [2], "H": [3, 3]], layer("loss_param { normalize: true }"))
    }
    #expect(text.contains("normalize is deprecated. use \"normalization\""), "\(text)")
  }

  @Test func `refuses a wrong number of labels`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3], "y": [2, 2], "H": [3, 3]], layer()) }
    #expect(text.contains("Number of labels must match number of predictions"), "\(text)")
  }

  @Test func `names a label out of range`() throws {
    let small = try SmallNet(["x": [2, 3], "y": [2], "H": [3, 3]], layer())
    try small.feed("y", [0, 5])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("label 5 at index 1 is out of range") && text.contains("0 to 2"), "\(text)")
  }

  @Test(arguments: zip(["true true false", "true false true"], ["label inputs.", "infogain inputs."]))
  func `has no gradient for labels and matrix`(propagate: String, what: String) throws {
    let flags = propagate.split(separator: " ").map { "propagate_down: \($0)" }.joined(separator: " ")
    let small = try SmallNet(["x": [2, 3], "y": [2], "H": [3, 3]], layer(flags))
    try small.net.forward()
    let text = refusal { try small.net.backward() }
    #expect(text.contains("Layer cannot backpropagate to \(what)"), "\(text)")
  }
}
