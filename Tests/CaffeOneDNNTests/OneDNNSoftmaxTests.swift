import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN softmax` {
  @Test(arguments: [(3, 10, 1), (2, 5, 7), (1, 1, 4), (64, 1000, 1), (1, 21, 900)])
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

  @Test func `spreads a NaN over its column and no further`() {
    let values = buffer([1, .nan, 2, 1, 2, 3])
    OneDNNEngine().softmax(.init(outer: 2, channels: 3, inner: 1)).forward(values, into: values)
    #expect(values.array.map(\.isNaN) == [true, true, true, false, false, false])
  }
}
