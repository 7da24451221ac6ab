import Caffe
import Testing

@Suite struct `The Sigmoid layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Sigmoid" top: "y" sigmoid_param { \#(parameter) }"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `does not overflow`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [3]], layer(""), engine: engine)
    try small.feed("x", [-1000, 0, 1000])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0, 0.5, 1]))
  }
}
