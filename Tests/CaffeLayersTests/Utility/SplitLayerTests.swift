import Caffe
import Testing

@Suite struct `The Split layer` {
  @Test(arguments: [1, 2, 3], EngineChoice.allCases)
  func `shares values and adds up gradients`(tops: Int, engine: EngineChoice) throws {
    let names = ["a", "b", "c"].prefix(tops)
    let small = try SmallNet(
      ["x": [2]], #"name: "l" type: "Split" \#(names.map { "top: '\($0)'" }.joined(separator: " "))"#, engine: engine)
    for (index, name) in names.enumerated() {
      #expect(try small.blob(name).data === small.blob("x").data)
      #expect(try small.blob(name).diff !== small.blob("x").diff)
      try small.setDiffs(name, [Float(index + 1), 10])
    }
    try small.net.forward()
    try small.net.backward()
    #expect(try small.diffs("x") == [[1, 10], [3, 20], [6, 30]][tops - 1])
  }
}
