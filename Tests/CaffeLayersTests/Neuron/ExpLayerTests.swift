import Caffe
import Testing

@Suite struct `The Exp layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "exp" type: "Exp" top: "y" exp_param { \#(parameter) }"#
  }

  @Test(arguments: zip(["", "base: 2", "base: 3 scale: 2 shift: -1"], [2.7182817, 2, 3] as [Float]))
  func `raises the base`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1]], layer(parameter))
    try small.feed("x", [1])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [value]))
  }
}
