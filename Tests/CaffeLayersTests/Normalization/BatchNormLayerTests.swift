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

  @Test(
    arguments: EngineChoice.allCases,
    [("scale_bias", Phase.train), ("scale_bias", .test), ("use_weight_bias", .train)])
  func `learns a scale and a bias as a Scale layer behind it does`(
    engine: EngineChoice, setting: (field: String, phase: Phase)
  ) throws {
    let (field, phase) = setting
    let together = try net("layer { \(layer("\(field): true", #"bottom: "x" top: "y""#)) }", phase, engine)
    let apart = try net(
      """
      layer { \(layer("", #"bottom: "x" top: "n""#)) }
      layer { name: "s" type: "Scale" bottom: "n" top: "y" scale_param { bias_term: true } }
      """, phase, engine)
    let learned = together.layer("bn")!.layer.parameters
    #expect(learned.map(\.shape) == [[3], [3], [1], [3], [3]])
    #expect(Array(learned[3].data.values) == [1, 1, 1] && Array(learned[4].data.values) == [0, 0, 0])
    #expect(together.layer("bn")?.definition.param.map(\.lrMult) == [0, 0, 0])
    let parameters = apart.layer("bn")!.layer.parameters + apart.layer("s")!.layer.parameters
    for (index, (mine, theirs)) in zip(learned, parameters).enumerated() {
      let values = (0..<mine.count).map { Float(index + 2 * $0 + 1) }
      for blob in [mine, theirs] { _ = blob.data.uninitializedValues.update(from: values) }
    }
    for net in [together, apart] {
      _ = net.blob("x")?.data.uninitializedValues.update(from: (0..<48).map { Float(($0 * 7) % 11) })
      try net.forward()
    }
    #expect(areClose(Array(together.blob("y")!.data.values), Array(apart.blob("y")!.data.values)))
    for net in [together, apart] {
      _ = net.blob("y")?.diff.uninitializedValues.update(from: (0..<48).map { Float(($0 * 5) % 7) })
      try net.backward()
    }
    #expect(areClose(Array(together.blob("x")!.diff.values), Array(apart.blob("x")!.diff.values)))
    for (mine, theirs) in zip(learned[3...], parameters[3...]) {
      #expect(areClose(Array(mine.diff.values), Array(theirs.diff.values)))
    }
    // A file with five blobs, as forks write it, comes back; without the setting it is refused with the way out.
    let again = try net("layer { \(layer("\(field): true", #"bottom: "x" top: "y""#)) }", phase, engine)
    try again.copyWeights(from: together.proto())
    #expect(again.layer("bn")!.layer.parameters.map { Array($0.data.values) } == learned.map { Array($0.data.values) })
    let error = #expect(throws: NetError.self) { try apart.copyWeights(from: together.proto()) }
    #expect(error?.remedy?.contains("write batch_norm_param { scale_bias: true }") == true)
  }

  private func net(_ layers: String, _ phase: Phase, _ engine: EngineChoice) throws -> Net {
    let input = #"layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 2 dim: 2 } } }"#
    return try Net(
      NetDefinition(text: "force_backward: true \(input) \(layers)", file: "small.prototxt"), phase: phase,
      in: .standard(seed: 1, engine: engine))
  }

  @Test(arguments: EngineChoice.allCases)
  func `makes an empty top from an empty batch`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [0, 3, 2, 2]], layer("use_global_stats: true"), engine: engine)
    try small.net.forward()
    try small.net.backward()
    #expect(try small.blob("y").shape == [0, 3, 2, 2])
  }
}
