import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN pooling` {
  static let descriptions = [PoolingDescription.Method.maximum, .average].flatMap { method in
    [
      pooling(method, 20, input: [24, 24], kernel: 2, stride: 2),
      pooling(method, 3, input: [9, 8], kernel: 3, stride: 2, pad: 1),
      pooling(method, 16, input: [8, 8], kernel: 3, stride: 2),
      pooling(method, 5, input: [7, 7], kernel: 3, stride: 3, pad: 2),
      pooling(method, 32, input: [6, 5], kernel: 3, stride: 1, pad: 1),
      pooling(method, 7, input: [6, 6], kernel: 6, stride: 1),
      // Windows without a pixel.
      pooling(method, 2, input: [7, 7], kernel: 1, stride: 3),
      pooling(method, 2, input: [6, 6], kernel: 2, stride: 4),
      pooling(method, 0, input: [6, 6], kernel: 2, stride: 4),
    ]
  }

  @Test(arguments: descriptions)
  func `agrees with the reference`(description: PoolingDescription) {
    let source = randomBuffer(description.source.count, seed: 1)
    let difference = randomBuffer(description.destination.count, seed: 2)
    let (fast, fastGradient) = run(OneDNNEngine(), description, source.copied, difference.copied)
    let (plain, plainGradient) = run(ReferenceEngine(), description, source, difference)
    expectClose(fast, plain)
    expectClose(fastGradient, plainGradient)
  }

  @Test(arguments: [1, 16, 20])
  func `gives the first of equal maxima`(channels: Int) {
    let description = pooling(.maximum, channels, input: [8, 8], kernel: 3, stride: 2, pad: 1)
    let source = Buffer(count: description.source.count)
    for i in 0..<source.count { source.mutableValues[i] = Float(i * 7 % 3) - 2 }
    let difference = randomBuffer(description.destination.count, seed: 2)
    let (fast, fastGradient) = runBlocked(description, source.copied, difference.copied)
    let (plain, plainGradient) = run(ReferenceEngine(), description, source, difference)
    expectClose(fast, plain, tolerance: 0)
    expectClose(fastGradient, plainGradient)
  }

  @Test(arguments: [1, 16, 20])
  func `finds maxima among NaN, infinities and negative values`(channels: Int) {
    let description = pooling(.maximum, channels, input: [6, 6], kernel: 2, stride: 2)
    let source = Buffer(count: description.source.count)
    let specials: [Float] = [.nan, -.infinity, -3, -2, .infinity, 0, -.greatestFiniteMagnitude]
    for i in 0..<source.count { source.mutableValues[i] = specials[i * 5 % specials.count] }
    let difference = randomBuffer(description.destination.count, seed: 2)
    let (fast, _) = run(OneDNNEngine(), description, source.copied, difference.copied)
    let (plain, _) = run(ReferenceEngine(), description, source, difference)
    expectClose(fast, plain, tolerance: 0)
  }

  @Test func `finds the index of each maximum when asked`() {
    var description = pooling(.maximum, 2, input: [6, 6], kernel: 2, stride: 2)
    description.hasMask = true
    let source = randomBuffer(description.source.count, seed: 1)
    let mask = Buffer(count: description.destination.count)
    let expected = Buffer(count: description.destination.count)
    OneDNNEngine().pooling(description).forward(source, into: Buffer(count: mask.count), mask: mask)
    ReferenceEngine().pooling(description).forward(source, into: Buffer(count: mask.count), mask: expected)
    #expect(mask.array == expected.array)
  }

  @Test func `need not be differentiated`() {
    var description = pooling(.maximum, 16, input: [6, 6], kernel: 2, stride: 2)
    description.isDifferentiated = false
    let source = randomBuffer(description.source.count, seed: 1)
    let fast = Buffer(count: description.destination.count)
    let plain = Buffer(count: description.destination.count)
    OneDNNEngine().pooling(description).forward(source, into: fast, mask: nil)
    ReferenceEngine().pooling(description).forward(source, into: plain, mask: nil)
    expectClose(fast, plain, tolerance: 0)
  }
}

private func pooling(
  _ method: PoolingDescription.Method, _ channels: Int, input: [Int], kernel: Int, stride: Int, pad: Int = 0
) -> PoolingDescription {
  // As Caffe rounds: up, but no window may begin behind the padded image.
  let output = input.map { extent in
    let rounded = (extent + 2 * pad - kernel + stride - 1) / stride + 1
    return pad > 0 && (rounded - 1) * stride >= extent + pad ? rounded - 1 : rounded
  }
  return PoolingDescription(
    method: method, batch: 2, channels: channels, input: input, output: output, kernel: [kernel, kernel],
    stride: [stride, stride], pad: [pad, pad])
}

private func run(
  _ engine: any Engine, _ description: PoolingDescription, _ source: Buffer, _ difference: Buffer
) -> (Buffer, Buffer) {
  let operation = engine.pooling(description)
  let destination = Buffer(count: description.destination.count)
  let gradient = randomBuffer(description.source.count, seed: 9)
  operation.forward(source, into: destination, mask: nil)
  operation.backward(difference, into: gradient)
  return (destination, gradient)
}

/// Pools a source that a convolution (by the identity) left in oneDNN's own layout.
private func runBlocked(
  _ description: PoolingDescription, _ source: Buffer, _ difference: Buffer
) -> (Buffer, Buffer) {
  let engine = OneDNNEngine()
  let channels = description.channels
  let identity = Buffer(count: channels * channels)
  for c in 0..<channels { identity.mutableValues[c * channels + c] = 1 }
  let blocked = Buffer(count: source.count)
  engine.convolution(convolution(channels, channels, input: description.input, kernel: 1, hasBias: false))
    .forward(source, weights: identity, bias: nil, into: blocked)
  return run(engine, description, blocked, difference)
}
