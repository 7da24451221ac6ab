import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `A depthwise separable convolution` {
  static let descriptions = [
    separable(32, 64, input: [14, 14]), separable(batch: 3, 20, 40, input: [7, 9]),
    separable(48, 33, input: [15, 14], stride: 2), separable(32, 32, input: [1, 1]),
    separable(16, 32, input: [5, 2], hasBias: false), separable(17, 32, input: [23, 31], pad: 0),
    separable(40, 16, input: [19, 12], kernel: 5, stride: 2, pad: 2),
    separable(batch: 2, 32, 32, input: [6, 4], kernel: 2), separable(16, 32, input: [3, 3], kernel: 3, pad: 3),
    separable(16, 32, input: [2, 5], kernel: 2, pad: 4),
    separable(16, 5, input: [9, 64], kernel: 1, pad: 0),
    separable(batch: 4, 64, 128, input: [9, 30], kernel: 4, pad: 2),
  ]

  static func separable(
    batch: Int = 1, _ channels: Int, _ outputs: Int, input: [Int], kernel: Int = 3, stride: Int = 1, pad: Int = 1,
    hasBias: Bool = true, slope: Float? = 0, hasAddend: Bool = false
  ) -> SeparableConvolutionDescription {
    let first = convolution(
      batch: batch, channels, channels, group: channels, input: input, kernel: kernel, stride: stride, pad: pad,
      hasBias: hasBias)
    let second = convolution(batch: batch, channels, outputs, input: first.output, kernel: 1, hasBias: hasBias)
    return SeparableConvolutionDescription(
      depthwise: .init(convolution: first, hasScale: hasBias, hasAddend: false, slope: slope),
      pointwise: .init(convolution: second, hasScale: false, hasAddend: hasAddend, slope: slope))!
  }

  /// What one operation gives, and what two convolutions one after the other give.
  private static func results(
    _ description: SeparableConvolutionDescription, threads: Int, chunk: Int
  ) throws -> (joined: [Float], apart: [Float])? {
    let engine = OneDNNEngine(threads: threads)
    guard let joined = engine.separableConvolution(description, chunk: chunk) else { return nil }
    let (first, second) = (description.depthwise, description.pointwise)
    func operands(_ fused: FusedConvolutionDescription, _ source: Buffer, seed: UInt64) -> FusedConvolutionOperands {
      let convolution = fused.convolution
      func each(_ seed: UInt64) -> Buffer { randomBuffer(convolution.outputs, seed: seed) }
      return FusedConvolutionOperands(
        source: source, weights: randomBuffer(convolution.weights.count, seed: seed),
        scale: fused.hasScale ? each(seed + 1) : nil, shift: fused.hasShift ? each(seed + 2) : nil,
        addend: fused.hasAddend ? randomBuffer(convolution.destination.count, seed: seed + 3) : nil,
        destination: Buffer(count: convolution.destination.count))
    }
    let depthwise = operands(first, randomBuffer(first.convolution.source.count, seed: 1), seed: 10)
    let pointwise = operands(second, depthwise.destination, seed: 20)
    joined.forward(depthwise: depthwise, pointwise: pointwise)
    let result = pointwise.destination.array
    let apart = OneDNNEngine(winograd: false, panels: false)
    try #require(apart.fusedConvolution(first)).forward(depthwise)
    try #require(apart.fusedConvolution(second)).forward(pointwise)
    return (result, pointwise.destination.array)
  }

  @Test(arguments: descriptions, [1, 3])
  func `gives what two convolutions give`(description: SeparableConvolutionDescription, threads: Int) throws {
    for chunk in [1, 4, 1000] {
      guard let (joined, apart) = try Self.results(description, threads: threads, chunk: chunk) else { return }
      expectClose(joined, apart, tolerance: 1e-4, "\(threads) threads, \(chunk) runs at a time")
    }
  }

  @Test(arguments: [nil, 0, 0.1] as [Float?])
  func `applies what follows both in one pass`(slope: Float?) throws {
    let description = Self.separable(batch: 2, 40, 48, input: [9, 9], slope: slope, hasAddend: true)
    guard let (joined, apart) = try Self.results(description, threads: 2, chunk: 3) else { return }
    expectClose(joined, apart, tolerance: 1e-4)
  }

  @Test func `reads filters again that have changed`() throws {
    let description = Self.separable(32, 32, input: [14, 14], hasBias: false, slope: nil)
    guard let operation = OneDNNEngine().separableConvolution(description) else { return }
    let (first, second) = (description.depthwise.convolution, description.pointwise.convolution)
    let filters = randomBuffer(first.weights.count, seed: 1)
    let depthwise = FusedConvolutionOperands(
      source: randomBuffer(first.source.count, seed: 2), weights: filters, destination: Buffer())
    let pointwise = FusedConvolutionOperands(
      source: Buffer(), weights: randomBuffer(second.weights.count, seed: 3),
      destination: Buffer(count: second.destination.count))
    operation.forward(depthwise: depthwise, pointwise: pointwise)
    let before = pointwise.destination.array
    let values = filters.mutableValues
    for i in values.indices { values[i] *= 2 }
    operation.forward(depthwise: depthwise, pointwise: pointwise)
    expectClose(pointwise.destination.array, before.map { 2 * $0 })
  }

  @Test func `consists of convolutions that belong together`() {
    let pair = Self.separable(32, 32, input: [14, 14])
    func combined(_ depthwise: FusedConvolutionDescription, _ pointwise: FusedConvolutionDescription) -> Bool {
      SeparableConvolutionDescription(depthwise: depthwise, pointwise: pointwise) != nil
    }
    #expect(combined(pair.depthwise, pair.pointwise))
    var larger = pair.pointwise
    larger.convolution.kernel = [3, 3]
    #expect(!combined(pair.depthwise, larger))
    #expect(!combined(pair.depthwise, Self.separable(32, 32, input: [14, 13]).pointwise))
    #expect(!combined(pair.pointwise, pair.pointwise))
  }

  @Test func `is left to two operations where these are faster, or the only way`() {
    let engine = OneDNNEngine()
    #expect(engine.separableConvolution(Self.separable(32, 32, input: [14, 14], stride: 3)) == nil)
    // Large weights: each thread had better read only its own.
    #expect(engine.separableConvolution(Self.separable(1024, 1024, input: [7, 7])) == nil)
    #expect(OneDNNEngine(panels: false).separableConvolution(Self.separable(32, 32, input: [14, 14])) == nil)
  }
}
