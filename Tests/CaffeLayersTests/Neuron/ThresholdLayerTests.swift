import Caffe
import Testing

@Suite struct `The Threshold layer` {
  private func layer(_ parameter: String = "", top: String = "y") -> String {
    #"name: "step" type: "Threshold" top: "\#(top)" threshold_param { \#(parameter) }"#
  }

  @Test(arguments: ["y", "x"])
  func `is 1 above the threshold, not at it, in place as well`(top: String) throws {
    let small = try SmallNet(["x": [4]], layer("threshold: 0.5", top: top), fields: "")
    try small.feed("x", [0.4, 0.5, 0.6, .nan])
    try small.net.forward()
    #expect(try small.values(top) == [0, 0, 1, 0])
  }

  @Test func `compares with 0 by default`() throws {
    let small = try SmallNet(["x": [3]], layer(), fields: "")
    try small.feed("x", [-1, 0, 1])
    try small.net.forward()
    #expect(try small.values("y") == [0, 0, 1])
  }

  @Test func `has no gradient`() throws {
    let small = try SmallNet(["x": [1]], layer())
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Not Implemented Yet"))
  }
}
