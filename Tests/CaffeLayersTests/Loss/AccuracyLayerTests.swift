import Caffe
import Testing

@Suite struct `The Accuracy layer` {
  private func layer(_ parameter: String = "", _ tops: String = #"top: "accuracy""#) -> String {
    #"name: "accuracy" type: "Accuracy" \#(tops) accuracy_param { \#(parameter) }"#
  }

  private func net(_ parameter: String = "", _ tops: String = #"top: "accuracy""#) throws -> SmallNet {
    try SmallNet(["x": [3, 2], "label": [3]], layer(parameter, tops), fields: "")
  }

  @Test func `counts the best scores, for all classes and for each`() throws {
    let small = try net("", #"top: "accuracy" top: "each""#)
    try small.feed("x", [2, 1, 1, 2, 1, 2])
    try small.feed("label", [0, 0, 1])
    try small.net.forward()
    #expect(areClose(try small.values("accuracy"), [2 / 3]))
    #expect(try small.values("each") == [0.5, 1])
  }

  @Test func `counts a tie as wrong and what is no number as right`() throws {
    let small = try net()
    try small.feed("x", [1, 1, 1, 1, .nan, .nan])
    try small.net.forward()
    #expect(areClose(try small.values("accuracy"), [1 / 3]))
  }

  @Test func `is 0 where every label is ignored`() throws {
    let small = try net("ignore_label: 0")
    try small.net.forward()
    #expect(try small.values("accuracy") == [0])
  }

  @Test func `names a label that is out of range`() throws {
    let small = try net()
    try small.feed("label", [0, 1, 2])
    #expect(refusal { try small.net.forward() }.contains("label 2 at index 2 is out of range"))
  }

  @Test func `refuses more candidates than classes`() {
    let text = refusal { _ = try net("top_k: 3") }
    #expect(text.contains("top_k must be less than or equal to the number of classes."), "\(text)")
  }

  @Test func `refuses labels that do not fit`() {
    let text = refusal { _ = try SmallNet(["x": [3, 2, 2], "label": [3]], layer()) }
    #expect(text.contains("if label axis == 1 and prediction shape is (N, C, H, W)"), "\(text)")
  }

  @Test func `has no gradient`() throws {
    let small = try SmallNet(["x": [3, 2], "label": [3]], layer())
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Not Implemented Yet"))
  }
}
