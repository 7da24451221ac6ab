import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `Layouts flow` {
  @Test(arguments: [(3, 32, 64), (16, 20, 50), (20, 50, 20)])
  func `through a chain without a trace in its values`(channels: Int, first: Int, second: Int) {
    let fast = Chain(OneDNNEngine(), channels, first, second)
    let plain = Chain(ReferenceEngine(), channels, first, second)
    for chain in [fast, plain] {
      chain.forward()
      chain.backward()
    }
    expectSame(fast, plain)
    // What plain code writes in between is seen.
    for chain in [fast, plain] {
      chain.data.mutableValues[5] = 3
      chain.forward(fromPooling: false)
      chain.convolved.mutableValues[11] = 40
      chain.forward(fromPooling: true)
      for i in 0..<chain.resultDiff.count { chain.resultDiff.mutableValues[i] *= -1 }
      chain.backward()
    }
    expectSame(fast, plain)
  }

  @Test func `through a chain without any conversion once it runs`() {
    let engine = OneDNNEngine()
    let chain = Chain(engine, 3, 32, 64)
    chain.forward()
    chain.backward()
    let before = engine.reorderCount
    for _ in 0..<3 { chain.forward() }
    #expect(engine.reorderCount == before)
    for _ in 0..<3 {
      chain.forward()
      chain.backward()
    }
    #expect(engine.reorderCount == before)
  }

  @Test(arguments: [20, 32])
  func `from blocks of channels to rows, where images have one pixel`(channels: Int) {
    let description = convolution(batch: 3, 16, channels, input: [4, 4], kernel: 4)
    let (source, weights) = (
      randomBuffer(description.source.count, seed: 1), randomBuffer(description.weights.count, seed: 2)
    )
    let bias = randomBuffer(channels, seed: 3)
    let results = [OneDNNEngine(), ReferenceEngine()].map { (engine: any Engine) in
      let result = Buffer(count: description.destination.count)
      engine.convolution(description).forward(source, weights: weights, bias: bias, into: result)
      return result
    }
    expectClose(results[0], results[1], tolerance: 1e-4)
  }

  @Test func `in buffers that change their size`() {
    for batch in [4, 7, 4, 7] {
      let fast = Chain(OneDNNEngine(), 3, 16, 20, batch: batch, reusing: Self.shared)
      fast.forward()
      fast.backward()
      let plain = Chain(ReferenceEngine(), 3, 16, 20, batch: batch)
      plain.forward()
      plain.backward()
      expectSame(fast, plain)
    }
  }

  @Test func `in buffers that two operations see under different shapes`() {
    let engine = OneDNNEngine()
    let wide = convolution(16, 32, input: [6, 6], kernel: 1, hasBias: false)
    let tall = convolution(batch: 4, 16, 16, input: [6, 6], kernel: 1, hasBias: false)
    let source = randomBuffer(wide.source.count, seed: 1)
    let (wideWeights, tallWeights) = (randomBuffer(512, seed: 2), randomBuffer(256, seed: 3))
    let results = [engine, ReferenceEngine()].map { (engine: any Engine) in
      let middle = Buffer(count: wide.destination.count)
      let result = Buffer(count: tall.destination.count)
      engine.convolution(wide).forward(source.copied, weights: wideWeights, bias: nil, into: middle)
      // 2×32×6×6 seen as 4×16×6×6, twice: the second time a form of that shape is there.
      let operation = engine.convolution(tall)
      operation.forward(middle, weights: tallWeights, bias: nil, into: result)
      engine.convolution(wide).forward(source.copied, weights: wideWeights, bias: nil, into: middle)
      operation.forward(middle, weights: tallWeights, bias: nil, into: result)
      return result
    }
    expectClose(results[0], results[1], tolerance: 1e-4)
  }

  @Test func `between two engines that share weights`() {
    let description = convolution(16, 32, input: [6, 6], kernel: 3)
    let source = randomBuffer(description.source.count, seed: 1)
    let weights = randomBuffer(description.weights.count, seed: 2)
    let bias = randomBuffer(32, seed: 3)
    let results = (0..<2).map { _ in
      let result = Buffer(count: description.destination.count)
      OneDNNEngine().convolution(description).forward(source, weights: weights, bias: bias, into: result)
      return result
    }
    #expect(results[0].array == results[1].array)
  }

  private static nonisolated(unsafe) let shared = (0..<4).map { _ in Buffer(count: 0) }

  private func expectSame(_ fast: Chain, _ plain: Chain) {
    expectClose(fast.convolved, plain.convolved, tolerance: 1e-4, "first convolution")
    expectClose(fast.pooled, plain.pooled, tolerance: 1e-4, "pooling")
    expectClose(fast.result, plain.result, tolerance: 1e-4, "second convolution")
    expectClose(fast.pooledDiff, plain.pooledDiff, tolerance: 1e-4, "gradient of the pooling")
    expectClose(fast.convolvedDiff, plain.convolvedDiff, tolerance: 1e-4, "gradient of the first convolution")
    for i in 0..<2 { expectClose(fast.weightsDiff[i], plain.weightsDiff[i], tolerance: 1e-3, "weights \(i)") }
  }
}

/// Convolution → ReLU in place → max pooling → ReLU in place → convolution.
private final class Chain {
  let data: Buffer
  let convolved: Buffer
  let pooled: Buffer
  let result: Buffer
  let pooledDiff: Buffer
  let convolvedDiff: Buffer
  let resultDiff: Buffer
  let weights: [Buffer]
  let weightsDiff: [Buffer]
  private let bias: [Buffer]
  private let convolutions: [any ConvolutionOperation]
  private let pooling: any PoolingOperation
  private let activations: [(any ElementwiseOperation)?]

  init(
    _ engine: any Engine, _ channels: Int, _ first: Int, _ second: Int, batch: Int = 2, reusing buffers: [Buffer]? = nil
  ) {
    let one = convolution(batch: batch, channels, first, input: [12, 12], kernel: 3, pad: 1)
    let two = convolution(batch: batch, first, second, input: [6, 6], kernel: 3)
    convolutions = [engine.convolution(one), engine.convolution(two)]
    pooling = engine.pooling(
      PoolingDescription(
        method: .maximum, batch: batch, channels: first, input: [12, 12], output: [6, 6], kernel: [2, 2],
        stride: [2, 2], pad: [0, 0]))
    activations = [one.destination, two.source].map {
      engine.elementwise(.init(function: .relu(slope: 0.1), shape: $0))
    }
    let buffers = buffers ?? (0..<4).map { _ in Buffer(count: 0) }
    (convolved, pooled, convolvedDiff, pooledDiff) = (buffers[0], buffers[1], buffers[2], buffers[3])
    for buffer in [convolved, convolvedDiff] { buffer.resize(to: one.destination.count) }
    for buffer in [pooled, pooledDiff] { buffer.resize(to: two.source.count) }
    data = randomBuffer(one.source.count, seed: 1)
    result = Buffer(count: two.destination.count)
    resultDiff = randomBuffer(two.destination.count, seed: 2)
    weights = [randomBuffer(one.weights.count, seed: 3), randomBuffer(two.weights.count, seed: 4)]
    bias = [randomBuffer(first, seed: 5), randomBuffer(second, seed: 6)]
    weightsDiff = weights.map { Buffer(count: $0.count) }
  }

  func forward() {
    forward(fromPooling: false)
    forward(fromPooling: true)
  }

  func forward(fromPooling: Bool) {
    if fromPooling {
      pooling.forward(convolved, into: pooled, mask: nil)
      activate(1, pooled)
      convolutions[1].forward(pooled, weights: weights[1], bias: bias[1], into: result)
    } else {
      convolutions[0].forward(data, weights: weights[0], bias: bias[0], into: convolved)
      activate(0, convolved)
    }
  }

  func backward() {
    for diff in weightsDiff { diff.setZero() }
    convolutions[1].backwardData(resultDiff, weights: weights[1], into: pooledDiff)
    convolutions[1].backwardParameters(pooled, resultDiff, weights: weightsDiff[1], bias: Buffer(count: bias[1].count))
    deactivate(1, pooledDiff, at: pooled)
    pooling.backward(pooledDiff, into: convolvedDiff)
    deactivate(0, convolvedDiff, at: convolved)
    convolutions[0].backwardParameters(data, convolvedDiff, weights: weightsDiff[0], bias: Buffer(count: bias[0].count))
  }

  private func activate(_ index: Int, _ values: Buffer) {
    if let activation = activations[index] { return activation.forward(values, into: values) }
    for i in 0..<values.count where values.values[i] <= 0 { values.mutableValues[i] *= 0.1 }
  }

  private func deactivate(_ index: Int, _ diff: Buffer, at values: Buffer) {
    if let activation = activations[index] { return activation.backward(diff, at: values, into: diff) }
    for i in 0..<diff.count where values.values[i] <= 0 { diff.mutableValues[i] *= 0.1 }
  }
}
