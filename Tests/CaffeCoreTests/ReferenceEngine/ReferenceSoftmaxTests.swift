import CaffeCore
import Testing

@Suite struct `Reference softmax` {
  @Test func `does not overflow and adds up to one`() {
    let operation = ReferenceEngine().softmax(SoftmaxDescription(outer: 1, channels: 3, inner: 2))
    let y = Buffer(count: 6)
    operation.forward(buffer([1000, -1000, 1000, 0, 0, 0]), into: y)
    #expect(areClose(y.values, [0.5, 0, 0.5, 0.5, 0, 0.5]))
  }

  @Test func `has a gradient that agrees with differences`() {
    let operation = ReferenceEngine().softmax(SoftmaxDescription(outer: 2, channels: 4, inner: 3))
    let x = buffer(numbers(24, seed: 1))
    let dy = numbers(24, seed: 2)
    let y = Buffer(count: 24)
    let numeric = numericGradient(of: x, weighedBy: dy) {
      operation.forward(x, into: y)
      return y
    }
    operation.forward(x, into: y)
    let dx = Buffer(count: 24)
    operation.backward(buffer(dy), at: y, into: dx)
    #expect(areClose(dx.values, numeric, tolerance: 1e-3))
  }

  @Test func `works in place`() {
    let operation = ReferenceEngine().softmax(SoftmaxDescription(outer: 2, channels: 4, inner: 3))
    let x = buffer(numbers(24, seed: 1))
    let y = Buffer(count: 24)
    operation.forward(x, into: y)
    operation.forward(x, into: x)
    #expect(Array(x.values) == Array(y.values))
    let dy = buffer(numbers(24, seed: 2))
    let dx = Buffer(count: 24)
    operation.backward(dy, at: y, into: dx)
    operation.backward(dy, at: x, into: dy)
    #expect(Array(dy.values) == Array(dx.values))
  }
}
