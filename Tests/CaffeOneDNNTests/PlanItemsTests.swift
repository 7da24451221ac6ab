import Caffe
import Testing

/// Nets whose first layers run for some items of the batch at a time, against the same nets layer by layer.
@Suite struct `A plan that divides the batch` {
  private static let precisions: [Precision] =
    (try? OneDNNEngine().use(.bfloat16)) == nil ? [.float32] : [.float32, .bfloat16]

  @Test(arguments: precisions, [16, 24])
  func `gives the same outputs`(precision: Precision, channels: Int) throws {
    let nets = try Self.nets(batch: 6, channels: channels, precision)
    for pass in 0..<3 {
      try nets.run(pass)
      expectSame(nets, ["out"], precision, "pass \(pass)")
    }
    let division = try #require(nets.fast.itemsAtATime)
    #expect(division.items == 1 && division.layers.first == "a" && division.layers.contains("joined"))
  }

  @Test func `gives the same outputs on the reference engine`() throws {
    let nets = try Self.nets(batch: 4, channels: 16, .float32, engine: .reference)
    try nets.run(0)
    expectSame(nets, ["out"], .float32)
    #expect(nets.fast.itemsAtATime != nil)
  }

  @Test func `takes as many items at a time as stay within the bound`() throws {
    let nets = try Self.nets(batch: 12, channels: 16, .float32)
    for (bound, items) in [(12, nil), (11, 6), (5, 4), (2, 2), (1, 1)] as [(Int, Int?)] {
      nets.fast.bytesAtATime = bound * Self.bytesOfItem
      try nets.run(bound)
      #expect(nets.fast.itemsAtATime?.items == items)
      expectSame(nets, ["out"], .float32)
    }
  }

  @Test func `follows batches of other sizes, primes among them`() throws {
    let nets = try Self.nets(batch: 2, channels: 16, .float32)
    nets.fast.bytesAtATime = 3 * Self.bytesOfItem
    for (batch, items) in [(2, nil), (7, 1), (1, nil), (6, 3), (7, 1)] as [(Int, Int?)] {
      for net in [nets.fast, nets.plain] { net.blob("x")!.reshape(to: [batch, 3, 24, 24]) }
      try nets.run(batch)
      #expect(nets.fast.itemsAtATime?.items == items, "batch \(batch)")
      expectSame(nets, ["out"], .float32, "batch \(batch)")
    }
  }

  @Test(arguments: precisions)
  func `computes what it left out again for whoever asks`(precision: Precision) throws {
    for name in ["a", "b", "sum", "c", "c pool"] {
      let nets = try Self.nets(batch: 4, channels: 16, precision)
      try nets.run(0)
      #expect(nets.fast.itemsAtATime != nil)
      expectSame(nets, [name], precision)
      // From then on the value is there.
      for pass in 1...2 {
        try nets.run(pass)
        expectSame(nets, [name, "out"], precision, "pass \(pass)")
      }
    }
  }

  @Test func `keeps views up to date`() throws {
    let nets = try Self.nets(batch: 4, channels: 16, .float32)
    try nets.run(0)
    let viewed = nets.fast.blob("b")!.data
    viewed.pin()
    defer { viewed.unpin() }
    let memory = viewed.lastingMemory
    try nets.run(1)
    #expect(nets.fast.itemsAtATime != nil)
    let seen = Array(UnsafeBufferPointer(start: memory.pointer, count: viewed.count))
    expectClose(seen, nets.plain.blob("b")!.data.array, tolerance: 1e-4)
  }

  @Test func `goes well with passes over all layers one by one, and over parts`() throws {
    let nets = try Self.nets(batch: 4, channels: 16, .float32)
    try nets.run(0)
    for net in [nets.fast, nets.plain] {
      net.blob("c pool")!.data.mutableValues[3] += 2
      try net.forward(from: net.layers.firstIndex { $0.name == "d" }!)
    }
    expectSame(nets, ["out"], .float32)
    nets.fast.beforeForward.append { _ in }
    try nets.run(1)
    expectSame(nets, ["out"], .float32)
    nets.fast.beforeForward.removeLast()
    try nets.run(2)
    expectSame(nets, ["out"], .float32)
  }

  @Test func `stops before layers that look at several items`() throws {
    let flattened = """
      layer { name: "fold" type: "Reshape" bottom: "a" top: "fold" reshape_param { shape { dim: 2 dim: 32 dim: 24 dim: 24 } } }
      """
    let nets = try Self.nets(batch: 4, channels: 16, .float32, more: flattened)
    try nets.run(0)
    expectSame(nets, ["out", "fold"], .float32)
    #expect(nets.fast.itemsAtATime?.layers.contains("fold") != true)
  }

  @Test func `tells an observer about each step once`() throws {
    let nets = try Self.nets(batch: 4, channels: 16, .float32)
    try nets.run(0)
    var layers: [Int] = []
    nets.fast.stepObserver = { layers += $0.layers }
    try nets.run(1)
    nets.fast.stepObserver = nil
    #expect(nets.fast.itemsAtATime != nil)
    #expect(layers.count == Set(layers).count)
    #expect(layers.filter { nets.fast.layers[$0].type == "Pooling" }.count == 2)
  }

  // MARK: The nets

  /// What the sum, the left branch and both joined take.
  private static let bytesOfItem = 4 * 16 * 24 * 24 * 4

  /// A residual block and convolutions that a Concat joins, which become small enough to run for the whole batch.
  private static func text(batch: Int, channels: Int, more: String) -> String {
    layer("x", "Input", [], "x", "input_param { shape { dim: \(batch) dim: 3 dim: 24 dim: 24 } }")
      + convolution("a", "x", "a", channels) + layer("a relu", "ReLU", ["a"], "a") + more
      + convolution("b", "a", "b", channels) + layer("sum", "Eltwise", ["a", "b"], "sum")
      + layer("sum relu", "ReLU", ["sum"], "sum") + convolution("left", "sum", "left", channels, kernel: 1)
      + layer("joined", "Concat", ["left", "sum"], "joined") + convolution("c", "joined", "c", channels)
      + layer("c relu", "ReLU", ["c"], "c")
      + layer("c pool", "Pooling", ["c"], "c pool", "pooling_param { pool: MAX kernel_size: 4 stride: 4 }")
      + convolution("d", "c pool", "d", 40)
      + layer("out", "Pooling", ["d"], "out", "pooling_param { pool: AVE global_pooling: true }")
  }

  private static func nets(
    batch: Int, channels: Int, _ precision: Precision, engine: EngineChoice = .oneDNN, more: String = ""
  ) throws -> Pair {
    func net(_ engine: EngineChoice, _ precision: Precision) throws -> Net {
      try Net(
        NetDefinition(text: text(batch: batch, channels: channels, more: more), file: "items.prototxt"), phase: .test,
        in: .standard(seed: 7, engine: engine, precision: precision))
    }
    let pair = Pair(fast: try net(engine, precision), plain: try net(.reference, .float32))
    pair.fast.bytesAtATime = 1
    pair.plain.keepsAllBlobs = true
    return pair
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
  }

  private func expectSame(
    _ nets: Pair, _ names: [String], _ precision: Precision, _ comment: String = "",
    at location: Testing.SourceLocation = #_sourceLocation
  ) {
    for name in names {
      let (found, expected) = (nets.fast.blob(name)!.data.array, nets.plain.blob(name)!.data.array)
      let largest = expected.map(abs).max() ?? 0
      let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(found.count == expected.count && largest > 0, "\(name) \(comment)", sourceLocation: location)
      #expect(
        difference <= (precision == .float32 ? 1e-5 : 3e-2) * largest, "\(name) \(comment)", sourceLocation: location)
    }
  }
}

private func convolution(_ name: String, _ bottom: String, _ top: String, _ channels: Int, kernel: Int = 3) -> String {
  layer(
    name, "Convolution", [bottom], top,
    """
    convolution_param { num_output: \(channels) kernel_size: \(kernel) pad: \(kernel / 2) \
    weight_filler { type: "xavier" } bias_filler { value: 0.1 } }
    """)
}
