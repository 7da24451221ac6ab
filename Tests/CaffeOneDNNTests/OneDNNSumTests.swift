import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN sum` {
  @Test(arguments: [[1], [2], [1, 1], [0.5, -2], [1, 2, 3], [1, 1, 1, 1]] as [[Float]])
  func `agrees with the reference bit for bit`(coefficients: [Float]) {
    let description = SumDescription(shape: [3, 50, 150], coefficients: coefficients)
    let sources = coefficients.indices.map { randomBuffer(22500, seed: UInt64($0)) }
    let (fast, plain) = (Buffer(count: 22500), Buffer(count: 22500))
    OneDNNEngine().sum(description).forward(sources, into: fast)
    ReferenceEngine().sum(description).forward(sources, into: plain)
    #expect(fast.array == plain.array)
    OneDNNEngine().sum(description).forward(sources, into: sources[0])
    #expect(sources[0].array == plain.array)
  }

  @Test func `takes the same source twice and skips zeros`() {
    let x = buffer([1, 2, 3])
    let y = Buffer(count: 3)
    OneDNNEngine().sum(.init(shape: [3], coefficients: [1, 5, 2])).forward([x, Buffer(count: 3), x], into: y)
    #expect(y.array == [3, 6, 9])
    OneDNNEngine().sum(.init(shape: [3], coefficients: [1])).forward([Buffer(count: 3)], into: y)
    #expect(y.isZero)
  }

  @Test func `adds what two convolutions left in their layout`() {
    let engine = OneDNNEngine()
    let description = convolution(16, 32, input: [6, 6], kernel: 3)
    let branches = (0..<2).map { (seed: UInt64) in
      let result = Buffer(count: description.destination.count)
      engine.convolution(description).forward(
        randomBuffer(description.source.count, seed: seed), weights: randomBuffer(description.weights.count, seed: 7),
        bias: randomBuffer(32, seed: 8), into: result)
      return result
    }
    let expected = zip(branches[0].array, branches[1].array).map { $0 + 2 * $1 }
    let before = engine.reorderCount
    let sum = Buffer(count: expected.count)
    engine.sum(.init(shape: description.destination, coefficients: [1, 2])).forward(branches, into: sum)
    #expect(engine.reorderCount == before)
    expectClose(sum.array, expected, tolerance: 1e-6)
  }
}
