import CaffeCore
import Testing

@Suite struct `Reference pooling` {
  private func description(
    _ method: PoolingDescription.Method, input: [Int], output: [Int], kernel: Int, stride: Int, pad: Int = 0
  ) -> PoolingDescription {
    PoolingDescription(
      method: method, batch: 1, channels: 1, input: input, output: output, kernel: [kernel, kernel],
      stride: [stride, stride], pad: [pad, pad], hasMask: method == .maximum)
  }

  @Test func `gives a maximum to the first of equal values`() {
    let operation = ReferenceEngine().pooling(
      description(.maximum, input: [2, 3], output: [1, 2], kernel: 2, stride: 1))
    let y = Buffer(count: 2)
    let mask = Buffer(count: 2)
    operation.forward(buffer([1, 5, 5, 5, 0, 2]), into: y, mask: mask)
    #expect(Array(y.values) == [5, 5])
    #expect(Array(mask.values) == [1, 1])
    let dx = Buffer(count: 6)
    operation.backward(buffer([1, 10]), into: dx)
    #expect(Array(dx.values) == [0, 11, 0, 0, 0, 0])
  }

  @Test func `finds no maximum where nothing is above the least number`() {
    let operation = ReferenceEngine().pooling(
      description(.maximum, input: [1, 2], output: [1, 2], kernel: 1, stride: 1))
    let y = Buffer(count: 2)
    let mask = Buffer(count: 2)
    operation.forward(buffer([.nan, -.infinity]), into: y, mask: mask)
    #expect(Array(y.values) == [-.greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    #expect(Array(mask.values) == [-1, -1])
    let dx = Buffer(count: 2)
    operation.backward(buffer([1, 1]), into: dx)
    #expect(Array(dx.values) == [0, 0])
  }

  @Test func `keeps inside the image when the last window lies behind it`() {
    for method in [PoolingDescription.Method.maximum, .average] {
      let operation = ReferenceEngine().pooling(
        description(method, input: [3, 3], output: [2, 2], kernel: 1, stride: 3))
      let y = Buffer(count: 4)
      operation.forward(buffer(numbers(9, seed: 1)), into: y, mask: nil)
      let dx = Buffer(count: 9)
      operation.backward(buffer([1, 1, 1, 1]), into: dx)
      #expect(Array(dx.values) == [1, 0, 0, 0, 0, 0, 0, 0, 0])
    }
  }

  @Test func `averages over image and padding but not over what hangs out`() {
    let operation = ReferenceEngine().pooling(
      description(.average, input: [3, 3], output: [2, 2], kernel: 3, stride: 2, pad: 1))
    let y = Buffer(count: 4)
    operation.forward(buffer([1, 2, 3, 4, 5, 6, 7, 8, 9]), into: y, mask: nil)
    #expect(areClose(y.values, [12.0 / 9, 16.0 / 9, 24.0 / 9, 28.0 / 9] as [Float], tolerance: 1e-6))
    let rounded = ReferenceEngine().pooling(
      description(.average, input: [3, 3], output: [2, 2], kernel: 2, stride: 2))
    rounded.forward(buffer([1, 2, 3, 4, 5, 6, 7, 8, 9]), into: y, mask: nil)
    #expect(Array(y.values) == [3, 4.5, 7.5, 9])
  }

  @Test(arguments: [PoolingDescription.Method.maximum, .average])
  func `has a gradient that agrees with differences`(method: PoolingDescription.Method) {
    let description = PoolingDescription(
      method: method, batch: 2, channels: 2, input: [5, 6], output: [3, 3], kernel: [3, 2], stride: [2, 2], pad: [1, 0])
    let operation = ReferenceEngine().pooling(description)
    // Values far enough apart that no difference changes a maximum.
    let x = buffer((0..<120).map { Float($0 * 37 % 120) / 20 })
    let dy = numbers(36, seed: 1)
    let y = Buffer(count: 36)
    let numeric = numericGradient(of: x, weighedBy: dy) {
      operation.forward(x, into: y, mask: nil)
      return y
    }
    let dx = Buffer(count: 120)
    operation.forward(x, into: y, mask: nil)
    operation.backward(buffer(dy), into: dx)
    #expect(areClose(dx.values, numeric, tolerance: 2e-3))
  }
}
