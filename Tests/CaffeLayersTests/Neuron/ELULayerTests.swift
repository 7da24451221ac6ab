import Caffe
import Testing

@Suite struct `The ELU layer` {
  @Test(arguments: EngineChoice.allCases)
  func `approaches minus alpha below 0`(engine: EngineChoice) throws {
    let small = try SmallNet(
      ["x": [4]], #"name: "l" type: "ELU" top: "y" elu_param { alpha: 0.5 }"#, engine: engine)
    try small.feed("x", [-1000, -1, 0, 3])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [-0.5, -0.31606027, 0, 3]))
  }
}
