import Caffe
import Testing

@Suite struct `The ReLU layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "ReLU" top: "y" relu_param { \#(parameter) }"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `passes what is positive`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [3]], layer("negative_slope: 0.5"), engine: engine)
    try small.feed("x", [-2, 0, 3])
    try small.net.forward()
    #expect(try small.values("y") == [-1, 0, 3])
  }
}
