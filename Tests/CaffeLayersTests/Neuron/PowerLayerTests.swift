import Caffe
import Testing

@Suite struct `The Power layer` {
  @Test(arguments: [
    ("", [-2, 0, 3]), ("scale: 2 shift: 1", [-3, 1, 7]), ("power: 2 shift: 1", [1, 1, 16]),
    ("power: 3 scale: -1", [8, 0, -27]), ("power: 0", [1, 1, 1]), ("power: 3 scale: 0 shift: 2", [8, 8, 8]),
  ])
  func `raises a linear function to a power`(parameter: String, values: [Float]) throws {
    let small = try SmallNet(["x": [3]], #"name: "l" type: "Power" top: "y" power_param { \#(parameter) }"#)
    try small.feed("x", [-2, 0, 3])
    try small.net.forward()
    #expect(areClose(try small.values("y"), values))
  }

  // The golden case Power_inplace holds the original's number.
  @Test func `warns of Caffe's gradient in place`() throws {
    let small = try SmallNet(["x": [1]], #"name: "l" type: "Power" top: "x" power_param { scale: 3 }"#)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.diffs("x") == [9])
    #expect(small.log.lines.contains { $0.hasPrefix("Power in place has the gradient scale² as in Caffe") })
  }
}
