import Caffe
import Testing

@Suite struct `The Im2col layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "columns" type: "Im2col" top: "\#(top)" convolution_param { \#(parameter) }"#
  }

  @Test func `makes a column of each window`() throws {
    let small = try SmallNet(["x": [1, 1, 2, 3]], layer("kernel_size: 2"))
    try small.feed("x", [1, 2, 3, 4, 5, 6])
    try small.net.forward()
    #expect(try small.blob("y").shape == [1, 4, 1, 2])
    #expect(try small.values("y") == [1, 2, 2, 3, 4, 5, 5, 6])
  }

  @Test func `works with one spatial axis, and counts all axes before the channels as batch`() throws {
    let small = try SmallNet(["x": [2, 3, 2, 4]], layer("kernel_size: 3 axis: 2"))
    #expect(try small.blob("y").shape == [2, 3, 6, 2])
  }

  @Test func `makes an empty top from an empty batch`() throws {
    let small = try SmallNet(["x": [0, 2, 3, 3]], layer("kernel_size: 3"))
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 18, 1, 1])
  }
}
