import Caffe
import CaffeTesting
import Testing

@Suite struct `The Silence layer` {
  @Test func `hides blobs from the outputs and gives them no gradient`() throws {
    let small = try SmallNet(["a": [2], "b": [2]], #"name: "l" type: "Silence""#)
    #expect(small.net.outputs.isEmpty)
    try small.setDiffs("a", [1, 1])
    try small.net.forward()
    try small.net.backward()
    #expect(try small.diffs("a") == [0, 0])
  }
}
