import Caffe
import Testing

@Suite struct `The Swish layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "swish" type: "Swish" top: "y" swish_param { \#(parameter) }"#
  }

  @Test func `is x far above 0, and 0 at and far below 0`() throws {
    let small = try SmallNet(["x": [3]], layer(""))
    try small.feed("x", [100, 0, -100])
    try small.net.forward()
    #expect(try small.values("y") == [100, 0, 0])
  }
}
