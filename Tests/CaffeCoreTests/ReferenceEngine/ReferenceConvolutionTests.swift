import CaffeCore
import Testing

@Suite struct `Reference convolution` {
  static let cases: [ConvolutionDescription] = [
    .init(
      batch: 2, channels: 3, outputs: 4, input: [5, 6], output: [3, 4], kernel: [3, 3], stride: [1, 1], pad: [0, 0],
      dilation: [1, 1], hasBias: true),
    .init(
      batch: 2, channels: 4, outputs: 6, group: 2, input: [5, 7], output: [3, 4], kernel: [3, 2], stride: [2, 2],
      pad: [1, 1], dilation: [1, 2], hasBias: true),
    .init(
      batch: 1, channels: 2, outputs: 3, input: [9], output: [4], kernel: [3], stride: [2], pad: [1], dilation: [2],
      hasBias: false),
    .init(
      batch: 1, channels: 2, outputs: 2, input: [3, 4, 5], output: [2, 4, 4], kernel: [2, 3, 2], stride: [1, 1, 1],
      pad: [0, 1, 0], dilation: [1, 1, 1], hasBias: true),
    .init(
      batch: 3, channels: 5, outputs: 2, input: [2, 3], output: [2, 3], kernel: [1, 1], stride: [1, 1], pad: [0, 0],
      dilation: [1, 1], hasBias: true),
    .init(
      batch: 3, channels: 5, outputs: 2, input: [], output: [], kernel: [], stride: [], pad: [], dilation: [],
      hasBias: true),
    .init(
      batch: 1, channels: 1, outputs: 1, input: [2], output: [1], kernel: [3], stride: [2], pad: [0], dilation: [1],
      hasBias: false),
  ]

  /// The definition, term by term.
  private func convolve(_ d: ConvolutionDescription, _ x: [Float], _ w: [Float], _ b: [Float]?) -> [Float] {
    func positions(_ extents: [Int]) -> [[Int]] {
      extents.reduce([[]]) { partial, extent in partial.flatMap { p in (0..<extent).map { p + [$0] } } }
    }
    let perGroup = d.channels / d.group
    var y: [Float] = []
    for n in 0..<d.batch {
      for o in 0..<d.outputs {
        for q in positions(d.output) {
          var total = b?[o] ?? 0
          for c in 0..<perGroup {
            for (k, offset) in positions(d.kernel).enumerated() {
              let pixel = q.indices.map { q[$0] * d.stride[$0] - d.pad[$0] + offset[$0] * d.dilation[$0] }
              guard zip(pixel, d.input).allSatisfy({ 0..<$1 ~= $0 }) else { continue }
              let channel = o / (d.outputs / d.group) * perGroup + c
              let flat = zip(pixel, d.input).reduce(n * d.channels + channel) { $0 * $1.1 + $1.0 }
              total += w[(o * perGroup + c) * d.kernel.reduce(1, *) + k] * x[flat]
            }
          }
          y.append(total)
        }
      }
    }
    return y
  }

  @Test(arguments: cases)
  func `computes the definition`(description: ConvolutionDescription) {
    let x = numbers(description.source.count, seed: 1)
    let w = numbers(description.weights.count, seed: 2)
    let b = description.hasBias ? numbers(description.outputs, seed: 3) : nil
    let y = Buffer(count: description.destination.count)
    ReferenceEngine().convolution(description).forward(buffer(x), weights: buffer(w), bias: b.map(buffer), into: y)
    #expect(areClose(y.values, convolve(description, x, w, b)))
  }

  @Test(arguments: cases)
  func `has gradients that agree with differences`(description: ConvolutionDescription) {
    let operation = ReferenceEngine().convolution(description)
    let x = buffer(numbers(description.source.count, seed: 1))
    let w = buffer(numbers(description.weights.count, seed: 2))
    let b = description.hasBias ? buffer(numbers(description.outputs, seed: 3)) : nil
    let dy = numbers(description.destination.count, seed: 4)
    let y = Buffer(count: description.destination.count)
    func forward() -> Buffer {
      operation.forward(x, weights: w, bias: b, into: y)
      return y
    }
    let dx = buffer(numbers(x.count, seed: 5))
    let dw = buffer(Array(repeating: 1, count: w.count))
    let db = b.map { buffer(Array(repeating: 2, count: $0.count)) }
    operation.backwardData(buffer(dy), weights: w, into: dx)
    operation.backwardParameters(x, buffer(dy), weights: dw, bias: db)
    #expect(areClose(dx.values, numericGradient(of: x, weighedBy: dy, forward), tolerance: 1e-3))
    #expect(areClose(dw.values.map { $0 - 1 }, numericGradient(of: w, weighedBy: dy, forward), tolerance: 1e-3))
    if let b, let db {
      #expect(areClose(db.values.map { $0 - 2 }, numericGradient(of: b, weighedBy: dy, forward), tolerance: 1e-3))
    }
  }

  @Test func `does nothing for an empty batch`() {
    var description = Self.cases[0]
    description.batch = 0
    let operation = ReferenceEngine().convolution(description)
    let weights = buffer(numbers(description.weights.count, seed: 1))
    operation.forward(Buffer(), weights: weights, bias: Buffer(count: 4), into: Buffer())
    operation.backwardData(Buffer(), weights: weights, into: Buffer())
  }
}
