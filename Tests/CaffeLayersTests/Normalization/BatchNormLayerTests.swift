import Caffe
import Testing

@Suite struct `The BatchNorm layer` {
  private func layer(_ parameter: String = "", _ more: String = #"top: "y""#) -> String {
    #"name: "bn" type: "BatchNorm" \#(more) batch_norm_param { \#(parameter) }"#
  }

  @Test func `normalises each channel and moves its statistics on`() throws {
    let small = try SmallNet(["x": [2, 1, 1, 2]], layer("moving_average_fraction: 0.5 eps: 0"))
    try small.feed("x", [1, 3, 1, 3])
    for _ in 0..<2 { try small.net.forward() }
    #expect(areClose(try small.values("y"), [-1, 1, -1, 1]))
    let stored = small.net.layers[1].layer.parameters.map { $0.data.values[0] }
    #expect(areClose(stored, [3, 2, 1.5]))
  }

  @Test func `takes no statistics as zeros`() throws {
    let small = try SmallNet(["x": [1, 1, 1, 2]], layer("use_global_stats: true eps: 4"))
    try small.feed("x", [1, 3])
    try small.net.forward()
    #expect(areClose(try small.values("y"), [0.5, 1.5]))
  }

  @Test(arguments: EngineChoice.allCases)
  func `makes an empty top from an empty batch`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer("use_global_stats: true"), engine: engine)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }
}
