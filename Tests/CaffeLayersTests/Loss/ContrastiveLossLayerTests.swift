import Caffe
import CaffeTesting
import Testing

@Suite struct `The ContrastiveLoss layer` {
  private func layer(_ parameter: String = "") -> String {
    #"name: "loss" type: "ContrastiveLoss" top: "loss" contrastive_loss_param { \#(parameter) }"#
  }

  @Test(arguments: ["margin: 2", "margin: 2 legacy_version: true"])
  func `draws similar pairs together and pushes others up to the margin`(version: String) throws {
    let small = try SmallNet(["a": [2, 2], "b": [2, 2], "s": [2]], layer(version))
    try small.feed("a", [3, 4, 1, 0])
    try small.feed("b", [1, 0, 0, 0])
    // A similar pair with d² = 20, and another one with d = 1, of which the fraction of s is cut off.
    try small.feed("s", [1, 0.9])
    #expect(try small.net.forward() == 5.25)
    try small.net.backward()
    let expected: [Float] = version.contains("legacy") ? [1, 2, -0.5, 0] : [1, 2, -0.49995, 0]
    #expect(areClose(try small.diffs("a"), expected))
    #expect(areClose(try small.diffs("b"), expected.map { -$0 }))
    #expect(try small.diffs("s") == [0, 0])
  }

  @Test func `leaves pairs beyond the margin alone`() throws {
    let small = try SmallNet(["a": [1, 2], "b": [1, 2], "s": [1]], layer())
    try small.feed("a", [3, 4])
    #expect(try small.net.forward() == 0)
    try small.net.backward()
    #expect(try small.diffs("a") == [0, 0])
  }

  @Test(arguments: [[2, 2], [2, 3, 2]])
  func `refuses bottoms that are not vectors of one length`(shape: [Int]) {
    let text = refusal { _ = try SmallNet(["a": shape, "b": [2, 3], "s": [2]], layer()) }
    #expect(text.contains("N × C"), "\(text)")
  }

  @Test func `refuses a wrong number of similarities`() {
    let text = refusal { _ = try SmallNet(["a": [2, 3], "b": [2, 3], "s": [3]], layer()) }
    #expect(text.contains("each of the 2 pairs"), "\(text)")
  }

  @Test func `refuses two bottoms`() {
    let text = refusal { _ = try SmallNet(["a": [2, 3], "b": [2, 3]], layer()) }
    #expect(text.contains("Layer takes 3 bottom blob(s) as input."), "\(text)")
  }
}
