import Caffe
import Testing

@Suite struct `The Log layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "log" type: "Log" top: "y" log_param { \#(parameter) }"#
  }

  @Test(arguments: zip(["", "base: 2", "base: 10 scale: 25"], [1.3862944, 2, 2] as [Float]))
  func `takes the logarithm to the base`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1]], layer(parameter))
    try small.feed("x", [4])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [value]))
  }

  @Test func `is minus infinity at 0 and NaN below`() throws {
    let small = try SmallNet(["x": [2]], layer(""))
    try small.feed("x", [0, -1])
    try small.net.forward()
    #expect(try small.values("y")[0] == -.infinity)
    #expect(try small.values("y")[1].isNaN)
  }
}
