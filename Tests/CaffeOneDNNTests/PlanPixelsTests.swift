import Caffe
import Testing

/// Nets with stages that end as those of ResNet-50 do: the next stage reads every second pixel.
@Suite struct `A plan whose readers skip pixels` {
  private static let precisions: [Precision] =
    (try? OneDNNEngine().use(.bfloat16)) == nil ? [.float32] : [.float32, .bfloat16]

  @Test(arguments: precisions, [1, 3])
  func `computes those that are read, and gives the same outputs`(precision: Precision, batch: Int) throws {
    for channels in [16, 24] {
      let nets = try Self.nets(Self.stages(batch: batch, channels: channels), precision)
      for pass in 0..<3 {
        try nets.run(pass)
        expectSame(nets, ["out"], precision)
      }
      #expect(
        try nets.layersWithFewerPixels() == ["b", "c", "p", "m", "e"], "\(precision), \(batch) × \(channels) channels")
    }
  }

  @Test(arguments: precisions)
  func `computes the others for whoever asks`(precision: Precision) throws {
    for name in ["b", "first end", "p", "second end"] {
      let nets = try Self.nets(Self.stages(batch: 2, channels: 16), precision)
      try nets.run(0)
      expectSame(nets, [name], precision)
      for pass in 1...2 {
        try nets.run(pass)
        expectSame(nets, [name, "out"], precision)
      }
    }
  }

  @Test func `computes all where somebody reads all`() throws {
    let reads = [
      convolution("whole", "first end", "whole", 16, kernel: 3, stride: 2),
      convolution("whole", "first end", "whole", 16, stride: 3),
      layer("whole", "Pooling", ["first end"], "whole", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }"),
      layer("whole", "Silence", ["first end"], nil),
    ]
    for read in reads {
      let nets = try Self.nets(Self.stages(batch: 2, channels: 16) + read, .float32)
      try nets.run(0)
      expectSame(nets, ["out"], .float32)
      #expect(try nets.layersWithFewerPixels() == ["p", "m", "e"])
    }
  }

  @Test func `follows inputs of other sizes`() throws {
    let nets = try Self.nets(Self.stages(batch: 2, channels: 16), .float32)
    for (height, width) in [(13, 11), (8, 8), (5, 1), (13, 11)] {
      for net in [nets.fast, nets.plain] { net.blob("x")!.reshape(to: [2, 3, height, width]) }
      try nets.run(height)
      expectSame(nets, ["out"], .float32)
    }
  }

  // MARK: The nets

  /// One stage with a residual of its own, and one whose residual is read at the end alone.
  private static func stages(batch: Int, channels: Int) -> String {
    layer("x", "Input", [], "x", "input_param { shape { dim: \(batch) dim: 3 dim: 13 dim: 11 } }")
      + convolution("a", "x", "a", channels, kernel: 3) + relu("a")
      + convolution("b", "a", "b", channels, kernel: 3) + relu("b")
      + convolution("c", "b", "c", channels) + layer("first", "Eltwise", ["a", "c"], "first end") + relu("first end")
      + convolution("p", "first end", "p", 2 * channels, stride: 2)
      + convolution("d", "first end", "d", channels, stride: 2) + relu("d")
      + convolution("m", "d", "m", channels, kernel: 3)
      + convolution("e", "m", "e", 2 * channels) + layer("second", "Eltwise", ["p", "e"], "second end")
      + relu("second end")
      + convolution("q", "second end", "q", channels, stride: 2) + convolution("out", "q", "out", 7, kernel: 3)
  }

  private static func nets(_ text: String, _ precision: Precision) throws -> Pair {
    func net(_ engine: EngineChoice, _ precision: Precision) throws -> Net {
      try Net(
        NetDefinition(text: text, file: "stages.prototxt"), phase: .test,
        in: .standard(seed: 7, engine: engine, precision: precision))
    }
    return Pair(fast: try net(.oneDNN, precision), plain: try net(.reference, .float32))
  }

  /// One net by a plan, and the same layer by layer.
  private struct Pair {
    let fast: Net
    let plain: Net

    func run(_ pass: Int) throws {
      for net in [fast, plain] {
        net.blob("x")!.data.copy(from: randomBuffer(net.blob("x")!.count, seed: UInt64(pass)))
        try net.forward()
      }
    }

    /// The convolutions of steps that compute some pixels only.
    func layersWithFewerPixels() throws -> [String] {
      var names: [String] = []
      fast.stepObserver = { step in
        if step.kernel?.contains(", 1 pixel of ") == true { names.append(fast.layers[step.layers[0]].name) }
      }
      try fast.forward()
      fast.stepObserver = nil
      return names
    }
  }

  private func expectSame(
    _ nets: Pair, _ names: [String], _ precision: Precision, at location: Testing.SourceLocation = #_sourceLocation
  ) {
    for name in names {
      let (found, expected) = (nets.fast.blob(name)!.data.array, nets.plain.blob(name)!.data.array)
      let largest = expected.map(abs).max() ?? 0
      let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(found.count == expected.count && largest > 0, "\(name)", sourceLocation: location)
      #expect(difference <= (precision == .float32 ? 1e-5 : 2e-2) * largest, "\(name)", sourceLocation: location)
    }
  }
}

private func relu(_ blob: String) -> String { layer("\(blob) relu", "ReLU", [blob], blob) }

private func convolution(
  _ name: String, _ bottom: String, _ top: String, _ channels: Int, kernel: Int = 1, stride: Int = 1
) -> String {
  layer(
    name, "Convolution", [bottom], top,
    """
    convolution_param { num_output: \(channels) kernel_size: \(kernel) pad: \(kernel / 2) stride: \(stride) \
    weight_filler { type: "xavier" } bias_filler { value: 0.1 } }
    """)
}
