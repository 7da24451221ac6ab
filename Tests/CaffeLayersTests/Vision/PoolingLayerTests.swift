import Caffe
import CaffeTesting
import Testing

@Suite struct `The Pooling layer` {
  /// Values so far apart that no small step changes a maximum.
  private static let bottom = TrialBottom.values([2, 2, 5, 6], (0..<120).map { Float($0 * 37 % 120) / 20 })

  private func layer(_ parameter: String, _ more: String = #"top: "y""#) -> String {
    #"name: "pool" type: "Pooling" \#(more) pooling_param { \#(parameter) }"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `finds its maxima again for a gradient in TEST`(engine: EngineChoice) throws {
    var trial = try LayerTrial(LayerDefinition(prototxt: layer("kernel_size: 3 stride: 2")), bottoms: [Self.bottom])
    trial.phase = .test
    try GradientCheck(trial).check(on: engine)
  }

  @Test(arguments: EngineChoice.allCases)
  func `says where the maxima were`(engine: EngineChoice) throws {
    let small = try SmallNet(
      ["x": [1, 2, 2, 2]], layer("kernel_size: 2", #"top: "y" top: "mask""#), engine: engine)
    try small.feed("x", [1, 7, 7, 0, -4, -3, -2, -1])
    try small.net.forward()
    #expect(try small.values("y") == [7, -1])
    #expect(try small.values("mask") == [1, 3])
  }

  @Test(arguments: [
    ("kernel_size: 2 stride: 2", [3, 3]), ("kernel_size: 2 stride: 2 round_mode: FLOOR", [2, 3]),
    ("kernel_size: 2 stride: 3 pad: 1", [2, 3]), ("kernel_size: 3 stride: 2 pad: 1", [3, 4]),
    ("global_pooling: true", [1, 1]),
  ])
  func `rounds up, and drops windows behind the padding`(parameter: String, image: [Int]) throws {
    let small = try SmallNet(["x": [1, 1, 5, 6]], layer(parameter))
    #expect(try small.blob("y").shape == Shape([1, 1] + image))
  }

  @Test(arguments: [
    ("", "Filter size is kernel_size OR kernel_h and kernel_w; not both"),
    ("kernel_size: 2 kernel_h: 2 kernel_w: 2", "Filter size is kernel_size OR kernel_h and kernel_w; not both"),
    ("kernel_size: 0", "Filter dimensions cannot be zero."),
    ("kernel_size: 2 stride: 0", "Stride dimensions must be nonzero."),
    ("kernel_size: 2 pad_h: 1", "pad is pad OR pad_h and pad_w are required."),
    ("kernel_size: 2 stride: 1 stride_h: 1 stride_w: 1", "Stride is stride OR stride_h and stride_w are required."),
    ("global_pooling: true kernel_size: 2", "With Global_pooling: true Filter size cannot specified"),
    ("global_pooling: true stride: 2", "With Global_pooling: true; only pad = 0 and stride = 1"),
    ("kernel_size: 2 pad: 2", "pad_h < kernel_h"), ("kernel_size: 9", "the kernel covers 9 values"),
    ("kernel_size: 4000000000", "too large"), ("pool: STOCHASTIC kernel_size: 2", "Not Implemented Yet"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [1, 1, 5, 6]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `has a second top only for maxima`() {
    let text = refusal {
      _ = try SmallNet(["x": [1, 1, 5, 6]], layer("pool: AVE kernel_size: 2", #"top: "y" top: "mask""#))
    }
    #expect(text.contains("Pooling Layer produces at most 1 top blob(s) as output."), "\(text)")
  }

  @Test func `refuses other than four axes`() {
    let text = refusal { _ = try SmallNet(["x": [1, 3, 2]], layer("kernel_size: 1")) }
    #expect(text.contains("Input must have 4 axes, corresponding to (num, channels, height, width)"), "\(text)")
  }
}
