import Caffe
import Testing

/// Nets that infer by a plan, against the same nets layer by layer on the reference engine.
@Suite struct `The plan of a net that infers` {
  @Test(arguments: [1, 3], [16, 24])
  func `gives the same outputs`(batch: Int, channels: Int) throws {
    let (fast, plain) = try Self.nets(batch: batch, channels: channels)
    for pass in 0..<3 {
      for net in [fast, plain] { try Self.run(net, pass) }
      #expect(fast.planDescription.contains { $0.count > 3 }, "nothing was joined")
      expectClose(fast.blob("out")!.data, plain.blob("out")!.data, tolerance: 1e-4, "pass \(pass)")
    }
  }

  @Test(arguments: [1, 3])
  func `computes what it left out again for whoever asks`(batch: Int) throws {
    let (fast, plain) = try Self.nets(batch: batch, channels: 16)
    for name in ["left", "a bn", "joined", "c", "sum"] {
      for net in [fast, plain] { try Self.run(net, 1) }
      // Who asks for one after the other is soon given all.
      if name == "left" { #expect(fast.hidesValues, "every value was there") }
      expectClose(fast.blob(name)!.data, plain.blob(name)!.data, tolerance: 1e-4, name)
      // From then on the value is there.
      for net in [fast, plain] { try Self.run(net, 2) }
      expectClose(fast.blob(name)!.data, plain.blob(name)!.data, tolerance: 1e-4, "\(name), next pass")
      let fresh = try Self.nets(batch: batch, channels: 16)
      for net in [fresh.0, fresh.1] { try Self.run(net, 3) }
      expectClose(fresh.0.blob(name)!.data, fresh.1.blob(name)!.data, tolerance: 1e-4, "\(name), another net")
    }
  }

  @Test func `leaves what is there as it is when it computes something again`() throws {
    let (fast, _) = try Self.nets(batch: 1, channels: 16)
    try Self.run(fast, 0)
    let out = fast.blob("out")!.data
    out.mutableValues[0] = 42
    _ = fast.blob("c")!.data.values[0]
    #expect(out.values[0] == 42)
  }

  @Test func `sees weights, statistics and factors that change`() throws {
    let (fast, plain) = try Self.nets(batch: 2, channels: 16)
    for net in [fast, plain] {
      try Self.run(net, 0)
      for (index, parameter) in net.parameters.enumerated() {
        parameter.blob.data.mutableValues[0] += index % 2 == 0 ? 0.5 : 1
        try net.forward()
      }
    }
    expectClose(fast.blob("out")!.data, plain.blob("out")!.data, tolerance: 1e-4)
  }

  @Test func `keeps views up to date`() throws {
    let (fast, plain) = try Self.nets(batch: 1, channels: 16)
    try Self.run(fast, 0)
    let viewed = fast.blob("b")!.data
    viewed.pin()
    defer { viewed.unpin() }
    let memory = viewed.lastingMemory
    for net in [fast, plain] { try Self.run(net, 1) }
    let seen = Array(UnsafeBufferPointer(start: memory.pointer, count: viewed.count))
    expectClose(seen, plain.blob("b")!.data.array, tolerance: 1e-4)
  }

  @Test func `hides nothing if it is told to keep all blobs`() throws {
    let (fast, plain) = try Self.nets(batch: 1, channels: 16)
    fast.keepsAllBlobs = true
    for net in [fast, plain] { try Self.run(net, 0) }
    #expect(!fast.hidesValues)
    for (index, name) in plain.blobNames.enumerated() {
      expectClose(fast.blobs[index].data, plain.blobs[index].data, tolerance: 1e-4, name)
    }
  }

  @Test func `gives way to a backward pass`() throws {
    let (fast, plain) = try Self.nets(batch: 2, channels: 16, forcesBackward: true)
    for net in [fast, plain] {
      try Self.run(net, 0)
      for i in net.blob("out")!.diff.mutableValues.indices { net.blob("out")!.diff.mutableValues[i] = Float(i % 5) - 2 }
      try net.backward()
    }
    expectClose(fast.blob("x")!.diff, plain.blob("x")!.diff, tolerance: 1e-3)
  }

  @Test func `lets a pass begin in the middle`() throws {
    let (fast, plain) = try Self.nets(batch: 1, channels: 16)
    for net in [fast, plain] {
      try Self.run(net, 0)
      net.blob("joined")!.data.mutableValues[3] += 2
      try net.forward(from: net.layers.firstIndex { $0.name == "c" }!)
    }
    expectClose(fast.blob("out")!.data, plain.blob("out")!.data, tolerance: 1e-4)
  }

  @Test func `follows inputs of other sizes`() throws {
    let (fast, plain) = try Self.nets(batch: 2, channels: 16)
    for batch in [2, 5, 1, 2] {
      for net in [fast, plain] {
        net.blob("x")!.reshape(to: [batch, 3, 9, 9])
        try Self.run(net, batch)
      }
      expectClose(fast.blob("out")!.data, plain.blob("out")!.data, tolerance: 1e-4, "batch \(batch)")
    }
  }

  @Test func `is not made where shapes depend on values`() throws {
    let text =
      Self.layer("x", "Input", [], "x", "input_param { shape { dim: 4 dim: 3 dim: 9 dim: 9 } }")
      + Self.layer("pick", "Input", [], "pick", "input_param { shape { dim: 4 } }")
      + Self.convolution("a", "x", "a", 16) + Self.layer("a relu", "ReLU", ["a"], "a")
      + Self.layer("picked", "Power", ["pick"], "picked", "power_param { scale: 2 }")
      + Self.layer("kept", "Filter", ["a", "picked"], "kept") + Self.convolution("out", "kept", "out", 16)
    let nets = try [EngineChoice.oneDNN, .reference].map { engine in
      try Net(NetDefinition(text: text, file: "filter.prototxt"), phase: .test, in: .standard(seed: 7, engine: engine))
    }
    for picks: [Float] in [[1, 1, 0, 1], [0, 1, 0, 0], [1, 1, 1, 1]] {
      for net in nets {
        _ = net.blob("pick")!.data.uninitializedValues.update(from: picks)
        try Self.run(net, 1)
        #expect(net.blob("out")!.shape[0] == picks.count { $0 != 0 })
      }
      expectClose(nets[0].blob("out")!.data, nets[1].blob("out")!.data, tolerance: 1e-4, "\(picks)")
    }
  }

  // MARK: The net

  /// A convolution with everything behind it, a residual block, and convolutions that a Concat joins.
  private static func text(batch: Int, channels: Int, forcesBackward: Bool) -> String {
    "force_backward: \(forcesBackward) "
      + layer("x", "Input", [], "x", "input_param { shape { dim: \(batch) dim: 3 dim: 9 dim: 9 } }")
      + convolution("a", "x", "a", channels) + layer("a bn", "BatchNorm", ["a"], "a bn")
      + layer("a scale", "Scale", ["a bn"], "a bn", "scale_param { filler { value: 1.5 } bias_term: true }")
      + layer("a relu", "ReLU", ["a bn"], "a bn") + convolution("b", "a bn", "b", channels)
      + layer("sum", "Eltwise", ["a bn", "b"], "sum") + layer("sum relu", "ReLU", ["sum"], "sum")
      + convolution("left", "sum", "left", channels, kernel: 1) + layer("left relu", "ReLU", ["left"], "left")
      + convolution("right", "sum", "right", 2 * channels) + layer("right relu", "ReLU", ["right"], "right")
      + layer("joined", "Concat", ["left", "right"], "joined") + convolution("c", "joined", "c", channels)
      + layer("c relu", "ReLU", ["c"], "c relu", "relu_param { negative_slope: 0.1 }")
      + layer("out", "Pooling", ["c relu"], "out", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
  }

  private static func convolution(
    _ name: String, _ bottom: String, _ top: String, _ channels: Int, kernel: Int = 3
  ) -> String {
    layer(
      name, "Convolution", [bottom], top,
      """
      convolution_param { num_output: \(channels) kernel_size: \(kernel) pad: \(kernel / 2) \
      weight_filler { type: "xavier" } bias_filler { value: 0.1 } }
      """)
  }

  private static func layer(
    _ name: String, _ type: String, _ bottoms: [String], _ top: String, _ parameter: String = ""
  ) -> String {
    let bottoms = bottoms.map { "bottom: \"\($0)\" " }.joined()
    return "layer { name: \"\(name)\" type: \"\(type)\" \(bottoms)top: \"\(top)\" \(parameter) }\n"
  }

  /// One net on each engine, with the same weights and statistics.
  private static func nets(batch: Int, channels: Int, forcesBackward: Bool = false) throws -> (fast: Net, plain: Net) {
    let text = text(batch: batch, channels: channels, forcesBackward: forcesBackward)
    let nets = try [EngineChoice.oneDNN, .reference].map { engine in
      let net = try Net(
        NetDefinition(text: text, file: "plan.prototxt"), phase: .test, in: .standard(seed: 7, engine: engine))
      for node in net.layers where node.type == "BatchNorm" {
        for (index, parameter) in node.layer.parameters.enumerated() {
          for i in parameter.data.mutableValues.indices {
            parameter.data.mutableValues[i] = index == 2 ? 2 : 0.5 + 0.1 * Float(i % 7)
          }
        }
      }
      return net
    }
    return (nets[0], nets[1])
  }

  private static func run(_ net: Net, _ pass: Int) throws {
    let source = randomBuffer(net.blob("x")!.count, seed: UInt64(pass))
    net.blob("x")!.data.copy(from: source)
    try net.forward()
  }
}
