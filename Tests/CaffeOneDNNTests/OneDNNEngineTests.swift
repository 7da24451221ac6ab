import CaffeCore
import CaffeOneDNN
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

  @Test(arguments: [0, 1, 15, 16, 17, 100, 1000])
  func `runs loops of others over every index once`(count: Int) {
    let hits = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer { hits.deallocate() }
    hits.initialize(repeating: 0, count: count)
    parallelFor(count, grain: 16) { for i in $0 { hits[i] += 1 } }
    #expect((0..<count).allSatisfy { hits[$0] == 1 })
  }
}
