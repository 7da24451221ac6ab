import Caffe
import Testing

/// Nets of depthwise convolutions and convolutions of single pixels, as MobileNet.
@Suite struct `A plan with depthwise separable convolutions` {
  private static let hasKernels =
    OneDNNEngine().panelConvolution(CaffeOneDNNTests.convolution(32, 32, input: [7, 7], kernel: 1)) != nil

  @Test(arguments: [1, 3])
  func `runs both convolutions as one step, and gives the same outputs`(batch: Int) throws {
    let nets = try Self.nets(batch: batch)
    for pass in 0..<3 { try nets.expectSame(["out"], in: pass) }
    guard Self.hasKernels else { return }
    #expect(nets.fast.planDescription.contains(["a dw", "a bn", "a scale", "a relu", "a", "a top"]))
    // Two layers read what this one makes.
    #expect(nets.fast.planDescription.contains(["b dw"]))
  }

  @Test(arguments: ["a dw", "stem", "b dw"])
  func `computes what lies between for whoever asks`(name: String) throws {
    let nets = try Self.nets(batch: 2)
    for pass in 0..<3 { try nets.expectSame([name, "out"], in: pass) }
  }

  @Test func `sees statistics, factors and weights that change`() throws {
    let nets = try Self.nets(batch: 1)
    try nets.expectSame(["out"], in: 0)
    for index in nets.fast.parameters.indices {
      for net in [nets.fast, nets.plain] { net.parameters[index].blob.data.mutableValues[0] += 0.5 }
      try nets.expectSame(["out"], in: 0)
    }
  }

  @Test func `follows inputs of other sizes`() throws {
    let nets = try Self.nets(batch: 1)
    for (height, width) in [(14, 14), (9, 17), (3, 3), (14, 14)] {
      for net in [nets.fast, nets.plain] { net.blob("x")!.reshape(to: [2, 3, height, width]) }
      try nets.expectSame(["out"], in: height)
    }
  }

  /// The sum's memory may not become the result's, since the depthwise convolution still reads it.
  @Test func `adds what the depthwise convolution reads`() throws {
    let nets = try Self.nets(
      Self.input(batch: 3) + Self.pointwise("stem", "x", 64) + Self.depthwise("dw", "stem", 64)
        + Self.pointwise("pw", "dw", 64) + layer("out", "Eltwise", ["pw", "stem"], "out"))
    for pass in 0..<2 { try nets.expectSame(["out"], in: pass) }
    if Self.hasKernels { #expect(nets.fast.planDescription.contains(["dw", "pw", "out"])) }
  }

  @Test func `says what computes both`() throws {
    let nets = try Self.nets(batch: 1)
    var kernels: [String] = []
    nets.fast.stepObserver = { kernels.append($0.kernel ?? "loop") }
    try nets.fast.forward()
    if Self.hasKernels { #expect(kernels.contains("depthwise 3×3, panels 1×1")) }
  }

  // MARK: The nets

  /// One net by a plan, and the same layer by layer.
  private struct Pair {
    let fast: Net
    let plain: Net

    func expectSame(_ names: [String], in pass: Int, at location: Testing.SourceLocation = #_sourceLocation) throws {
      for net in [fast, plain] {
        net.blob("x")!.data.copy(from: randomBuffer(net.blob("x")!.count, seed: UInt64(pass)))
        try net.forward()
      }
      for name in names {
        expectClose(
          fast.blob(name)!.data, plain.blob(name)!.data, tolerance: 1e-4, "\(name), pass \(pass)",
          sourceLocation: location)
      }
    }
  }

  private static func nets(batch: Int) throws -> Pair {
    let nets = try nets(text(batch: batch))
    for net in [nets.fast, nets.plain] {
      for (parameter, value) in zip(net.layer("a bn")!.layer.parameters, [0.1, 0.5, 1] as [Float]) {
        parameter.data.mutableValues.update(repeating: value)
      }
    }
    return nets
  }

  private static func nets(_ text: String) throws -> Pair {
    func net(_ engine: EngineChoice) throws -> Net {
      try Net(
        NetDefinition(text: text, file: "separable.prototxt"), phase: .test, in: .standard(seed: 7, engine: engine))
    }
    return Pair(fast: try net(.oneDNN), plain: try net(.reference))
  }

  private static func input(batch: Int) -> String {
    layer("x", "Input", [], "x", "input_param { shape { dim: \(batch) dim: 3 dim: 14 dim: 14 } }")
  }

  private static func text(batch: Int) -> String {
    input(batch: batch) + pointwise("stem", "x", 32) + depthwise("a dw", "stem", 32)
      + layer("a bn", "BatchNorm", ["a dw"], "a dw")
      + layer("a scale", "Scale", ["a dw"], "a dw", "scale_param { filler { value: 0.7 } bias_term: true }")
      + layer("a relu", "ReLU", ["a dw"], "a dw") + pointwise("a", "a dw", 64) + layer("a top", "ReLU", ["a"], "a")
      + depthwise("b dw", "a", 64, stride: 2) + pointwise("b", "b dw", 32) + pointwise("c", "b dw", 32)
      + layer("out", "Concat", ["b", "c"], "out")
  }

  private static func pointwise(_ name: String, _ bottom: String, _ channels: Int) -> String {
    convolution(name, bottom, "num_output: \(channels) kernel_size: 1 bias_filler { value: 0.1 }")
  }

  private static func depthwise(_ name: String, _ bottom: String, _ channels: Int, stride: Int = 1) -> String {
    convolution(
      name, bottom, "num_output: \(channels) group: \(channels) kernel_size: 3 pad: 1 stride: \(stride)")
  }

  private static func convolution(_ name: String, _ bottom: String, _ fields: String) -> String {
    layer(
      name, "Convolution", [bottom], name,
      "convolution_param { \(fields) weight_filler { type: \"xavier\" } }")
  }
}
