import Caffe
import Testing

@Suite struct `The TanH layer` {
  @Test(arguments: EngineChoice.allCases)
  func `does not overflow`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [4]], #"name: "l" type: "TanH" top: "y""#, engine: engine)
    try small.feed("x", [-1000, 0, 0.5, 1000])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [-1, 0, 0.46211716, 1]))
  }
}
