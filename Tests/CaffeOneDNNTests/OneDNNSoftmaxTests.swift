import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN softmax` {
  @Test(arguments: [(3, 10, 1), (2, 16, 1), (5, 33, 1), (2, 5, 7), (1, 1, 4), (64, 1000, 1), (1, 21, 900)])
  func `agrees with the reference`(outer: Int, channels: Int, inner: Int) {
    let description = SoftmaxDescription(outer: outer, channels: channels, inner: inner)
    let count = outer * channels * inner
    let source = randomBuffer(count, seed: 1)
    for i in 0..<count { source.mutableValues[i] *= 30 }
    let difference = randomBuffer(count, seed: 2)
    let results = [OneDNNEngine(), ReferenceEngine()].map { (engine: any Engine) in
      let operation = engine.softmax(description)
      let values = source.copied
      let gradient = difference.copied
      operation.forward(values, into: values)
      operation.backward(gradient, at: values, into: gradient)
      return (values, gradient)
    }
    for (fast, plain) in zip(results[0].0.array, results[1].0.array) {
      #expect(abs(fast - plain) <= 3e-6 * plain + 1e-37)
    }
    expectClose(results[0].1, results[1].1, tolerance: 1e-6)
  }

  @Test(arguments: [(3, 1), (16, 1), (20, 1), (20, 2)], [Float.nan, .infinity])
  func `spreads what is not a number over its column and no further`(extents: (channels: Int, inner: Int), bad: Float) {
    let (channels, inner) = extents
    let size = channels * inner
    let values = randomBuffer(2 * size, seed: 1)
    values.mutableValues[inner] = bad
    OneDNNEngine().softmax(.init(outer: 2, channels: channels, inner: inner)).forward(values, into: values)
    for (i, value) in values.array.enumerated() { #expect(value.isNaN == (i < size && i % inner == 0)) }
  }

  @Test func `gives ever smaller numbers for what is far below the largest, and at last 0`() {
    let source = buffer((0..<20).map { -10 * Float($0) } + [-.infinity])
    let results = [OneDNNEngine(), ReferenceEngine()].map { (engine: any Engine) in
      let values = source.copied
      engine.softmax(.init(outer: 1, channels: 21, inner: 1)).forward(values, into: values)
      return values.array
    }
    for (fast, plain) in zip(results[0], results[1]) {
      // Some kernels make 0 of subnormal numbers.
      #expect(abs(fast - plain) <= 1e-6 * plain + Float.leastNormalMagnitude)
    }
    #expect(results[0][8] > 0 && results[0].last == 0)
  }
}
