import Caffe
import Testing

@Suite struct `The AbsVal layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "AbsVal" top: "y" \#(parameter)"#
  }

  @Test func `has no slope at zero`() throws {
    let small = try SmallNet(["x": [3]], layer(""))
    try small.feed("x", [-2, 0, 3])
    try small.net.forward()
    try small.setDiffs("y", [5, 5, 5])
    try small.net.backward()
    #expect(try small.values("y") == [2, 0, 3])
    #expect(try small.diffs("x") == [-5, 0, 5])
  }
}
