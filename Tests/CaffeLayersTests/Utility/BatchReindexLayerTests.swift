import Caffe
import CaffeTesting
import Testing

@Suite struct `The BatchReindex layer` {
  private let layer = #"name: "pick" type: "BatchReindex" top: "y""#
  @Test func `picks items, and adds up the gradients of one picked twice`() throws {
    let small = try SmallNet(["x": [3, 1], "index": [4]], layer)
    try small.feed("x", [10, 20, 30])
    try small.feed("index", [2, 0, 2, 0.9])
    try small.net.forward()
    try small.setDiffs("y", [1, 2, 3, 4])
    try small.net.backward()
    #expect(try small.values("y") == [30, 10, 30, 10])
    #expect(try small.diffs("x") == [6, 0, 4])
  }

  @Test func `makes an empty top from an empty index`() throws {
    let small = try SmallNet(["x": [3, 2], "index": [0]], layer)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 2])
    #expect(try small.diffs("x") == [0, 0, 0, 0, 0, 0])
  }

  @Test(
    arguments: zip(
      [-1, 3, 1e20, .nan, -1e20] as [Float], ["negative", "greater", "greater", "greater", "negative"]))
  func `refuses an index that is no item`(index: Float, word: String) throws {
    let small = try SmallNet(["x": [3, 2], "index": [1]], layer)
    try small.feed("index", [index])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("Index specified for reindex layer was \(word)"), "\(text)")
  }

  @Test func `refuses an index that another layer spoilt before backward`() throws {
    let small = try SmallNet(["x": [3, 2], "index": [1]], layer)
    try small.net.forward()
    try small.feed("index", [7])
    #expect(refusal { try small.net.backward() }.contains("Index specified for reindex layer was greater"))
  }

  @Test func `refuses an index blob with two axes`() {
    let text = refusal { _ = try SmallNet(["x": [3, 2], "index": [1, 1]], layer) }
    #expect(text.contains("the index blob must have 1 axis"), "\(text)")
  }

  @Test func `has no gradient for the index`() throws {
    let small = try SmallNet(
      ["x": [3, 2], "index": [1]], layer + " loss_weight: 1 propagate_down: true propagate_down: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Cannot backprop to index."))
  }
}
