import Caffe
import Testing

@Suite struct `oneDNN engine` {
  @Test func `gives equal bits for equal input`() {
    let description = convolution(batch: 6, 20, 50, input: [12, 12], kernel: 5)
    let product = InnerProductDescription(rows: 64, inputs: 800, outputs: 500, hasBias: true)
    let runs = (0..<3).map { _ in
      let engine = OneDNNEngine()
      let convolution = engine.convolution(description)
      let weights = randomBuffer(description.weights.count, seed: 2)
      let result = Buffer(count: description.destination.count)
      convolution.forward(
        randomBuffer(description.source.count, seed: 1), weights: weights, bias: randomBuffer(50, seed: 3), into: result
      )
      let sourceDiff = Buffer(count: description.source.count)
      let (weightsDiff, biasDiff) = (Buffer(count: weights.count), Buffer(count: 50))
      let resultDiff = randomBuffer(result.count, seed: 4)
      convolution.backwardData(resultDiff, weights: weights, into: sourceDiff)
      convolution.backwardParameters(
        randomBuffer(description.source.count, seed: 1), resultDiff, weights: weightsDiff, bias: biasDiff)
      let inner = engine.innerProduct(product)
      let (y, dw) = (Buffer(count: 64 * 500), Buffer(count: 800 * 500))
      let x = randomBuffer(64 * 800, seed: 5)
      inner.forward(x, weights: randomBuffer(800 * 500, seed: 6), bias: randomBuffer(500, seed: 7), into: y)
      inner.backwardParameters(x, y, weights: dw, bias: Buffer(count: 500))
      return [result, sourceDiff, weightsDiff, biasDiff, y, dw].map(\.array)
    }
    #expect(runs[0] == runs[1])
    #expect(runs[0] == runs[2])
  }

  @Test(arguments: [1, 2, 3])
  func `computes on as many threads as it is told`(threads: Int) {
    let description = convolution(16, 32, input: [6, 6], kernel: 3)
    let source = randomBuffer(description.source.count, seed: 1)
    let weights = randomBuffer(description.weights.count, seed: 2)
    let bias = randomBuffer(32, seed: 3)
    let (fast, plain) = (Buffer(count: description.destination.count), Buffer(count: description.destination.count))
    OneDNNEngine(threads: threads).convolution(description).forward(source, weights: weights, bias: bias, into: fast)
    ReferenceEngine().convolution(description).forward(source, weights: weights, bias: bias, into: plain)
    expectClose(fast, plain, tolerance: 1e-4)
  }

  /// OpenMP keeps the number of threads for the thread that calls, and oneDNN its compiled kernels for the process.
  @Test(arguments: [Phase.test, .train], [Precision.float32, .bfloat16])
  func `computes beside engines with other numbers of threads`(phase: Phase, precision: Precision) throws {
    if precision == .bfloat16, phase == .train || !hasBFloat16 { return }
    let nets = try [5, 2, 1].map { threads in
      try Self.everyOperation(phase, precision) { OneDNNEngine(threads: threads) }
    }
    let plain = try Self.everyOperation(phase, .float32) { ReferenceEngine() }
    for pass in 0..<2 {
      let results = try (nets + [plain]).map { net in
        net.blob("x")!.data.copy(from: randomBuffer(net.blob("x")!.count, seed: UInt64(pass)))
        net.clearParameterDiffs()
        try net.forward()
        if phase == .train { try net.backward() }
        return [net.blob("y")!.data.array] + net.parameters.map { $0.blob.diff.array }
      }
      for found in results.dropLast() {
        for (found, expected) in zip(found, results.last!) {
          let largest = expected.map(abs).max() ?? 0
          let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
          #expect(difference <= (precision == .float32 ? 1e-3 : 3e-2) * largest)
        }
      }
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 100, 1000])
  func `runs loops of others over every index once`(count: Int) {
    let hits = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer { hits.deallocate() }
    hits.initialize(repeating: 0, count: count)
    parallelFor(count, grain: 16) { for i in $0 { hits[i] += 1 } }
    #expect((0..<count).allSatisfy { hits[$0] == 1 })
  }

  /// A net with every kind of operation that oneDNN computes.
  private static func everyOperation(
    _ phase: Phase, _ precision: Precision, _ makeEngine: @escaping () -> any Engine
  ) throws -> Net {
    let filler = #"weight_filler { type: "xavier" }"#
    let text =
      layer("x", "Input", [], "x", "input_param { shape { dim: 4 dim: 3 dim: 13 dim: 11 } }")
      + layer(
        "a", "Convolution", ["x"], "a",
        "convolution_param { num_output: 32 kernel_size: 3 pad: 1 bias_term: false \(filler) }")
      + layer("n", "BatchNorm", ["a"], "n", "batch_norm_param { use_global_stats: false }")
      + layer("r", "ReLU", ["n"], "n")
      + layer("l", "LRN", ["n"], "l") + layer("t", "TanH", ["l"], "t")
      + layer("p", "Pooling", ["t"], "p", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
      + layer("b", "Convolution", ["p"], "b", "convolution_param { num_output: 32 kernel_size: 1 \(filler) }")
      + layer("s", "Eltwise", ["p", "b"], "s")
      + layer("v", "Pooling", ["s"], "v", "pooling_param { pool: AVE kernel_size: 2 stride: 2 }")
      + layer("f", "InnerProduct", ["v"], "f", "inner_product_param { num_output: 7 \(filler) }")
      + layer("y", "Softmax", ["f"], "y")
      + layer("loss", "Power", ["y"], "loss", "power_param { power: 2 } loss_weight: 1")
    var environment = NetEnvironment.standard(seed: 7)
    environment.makeEngine = makeEngine
    environment.precision = precision
    return try Net(NetDefinition(text: text, file: "every.prototxt"), phase: phase, in: environment)
  }
}

private let hasBFloat16 = (try? OneDNNEngine().use(.bfloat16)) != nil
