import Caffe
import CaffeTesting
import Testing

@Suite struct `The Eltwise layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Eltwise" top: "y" eltwise_param { \#(parameter) }"#
  }

  @Test func `sends the gradient of a maximum to the second of two that tie`() throws {
    let small = try SmallNet(["a": [2], "b": [2], "c": [2]], layer("operation: MAX"))
    for (name, values) in ["a": [1, 1], "b": [1, 0], "c": [1, 1]] as [String: [Float]] { try small.feed(name, values) }
    try small.net.forward()
    try small.setDiffs("y", [5, 6])
    try small.net.backward()
    #expect(try small.diffs("a") == [0, 6])
    #expect(try small.diffs("b") == [5, 0])
    #expect(try small.diffs("c") == [0, 0])
  }

  @Test(arguments: [
    ("operation: PROD coeff: 1 coeff: 1", "Eltwise layer only takes coefficients for summation."),
    ("coeff: 1", "Eltwise Layer takes one coefficient per bottom blob."),
  ])
  func `refuses coefficients that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["a": [2], "b": [2]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses bottoms of different shape`() {
    let text = refusal { _ = try SmallNet(["a": [2, 3], "b": [3, 2]], layer("")) }
    #expect(text.contains("bottom[0]: 2 3 (6), bottom[1]: 3 2 (6)"), "\(text)")
  }
}
