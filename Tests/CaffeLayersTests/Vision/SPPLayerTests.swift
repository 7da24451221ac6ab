import Caffe
import CaffeTesting
import Testing

@Suite struct `The SPP layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "pyramid" type: "SPP" top: "\#(top)" spp_param { \#(parameter) }"#
  }

  @Test func `joins the maxima of all levels`() throws {
    let small = try SmallNet(["x": [1, 2, 2, 2]], layer("pyramid_height: 2"))
    try small.feed("x", [1, 2, 3, 4, 8, 7, 6, 5])
    try small.net.forward()
    #expect(try small.blob("y").shape == [1, 10])
    #expect(try small.values("y") == [4, 8, 1, 2, 3, 4, 8, 7, 6, 5])
  }

  @Test func `keeps four axes with a single level`() throws {
    let small = try SmallNet(["x": [2, 3, 4, 5]], layer("pyramid_height: 1"))
    #expect(try small.blob("y").shape == [2, 3, 1, 1])
  }

  @Test func `gives vectors of one length for images of different size`() throws {
    let small = try SmallNet(["x": [1, 3, 8, 8]], layer("pyramid_height: 3"))
    for shape in [[1, 3, 4, 4], [2, 3, 7, 12]] as [Shape] {
      try small.blob("x").reshape(to: shape)
      try small.net.forward()
      #expect(try small.blob("y").shape == [shape[0], 63])
    }
  }

  @Test(arguments: [
    ([1, 1, 15, 12], "pyramid_height: 4", "pad_w < kernel_w does not hold (2 vs. 2)"),
    ([1, 1, 2, 2], "pyramid_height: 3", "pad_h < kernel_h does not hold (1 vs. 1)"),
    ([1, 1, 2, 2], "pyramid_height: 4294967295", "pad_h < kernel_h does not hold"),
    ([1, 1, 0, 2], "pyramid_height: 1", "Input dimensions cannot be zero."),
    ([1, 4, 4], "pyramid_height: 1", "Input must have 4 axes, corresponding to (num, channels, height, width)"),
    ([1, 1, 4, 4], "", "pyramid_height > 0 does not hold"),
    ([1, 1, 4, 4], "pyramid_height: 1 pool: STOCHASTIC", "Not Implemented Yet"),
  ])
  func `refuses what makes no sense`(shape: [Int], parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": shape], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
