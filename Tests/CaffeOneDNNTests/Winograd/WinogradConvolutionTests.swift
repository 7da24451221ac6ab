import CaffeCore
import CaffeKernels
import CaffeOneDNN
import Testing

private let hasBFloat16 = (try? OneDNNEngine().use(.bfloat16)) != nil

@Suite struct `Winograd convolution` {
  static let descriptions = [
    convolution(16, 16, input: [8, 8], kernel: 3, pad: 1),
    convolution(64, 64, input: [9, 13], kernel: 3, pad: 1),
    convolution(64, 48, input: [14, 14], kernel: 3, pad: 1),
    convolution(batch: 1, 128, 64, input: [7, 7], kernel: 3, pad: 1),
    convolution(batch: 3, 20, 50, input: [12, 12], kernel: 5),
    convolution(batch: 5, 32, 32, input: [16, 16], kernel: 5, pad: 2),
    convolution(3, 5, input: [11, 10], kernel: 3),
    convolution(17, 33, input: [5, 4], kernel: 3, pad: 2),
    convolution(32, 96, group: 2, input: [13, 13], kernel: 3, pad: 1),
    convolution(96, 64, group: 2, input: [9, 9], kernel: 5, pad: 2, hasBias: false),
    convolution(batch: 1, 16, 16, input: [1, 1], kernel: 3, pad: 1),
    convolution(batch: 1, 16, 16, input: [3, 3], kernel: 3),
    convolution(batch: 7, 40, 24, input: [20, 6], kernel: 5, pad: 1),
  ]

  static let schedules: [WinogradConvolution.Schedule?] = [
    nil, .init(division: .tiles, chunk: 5), .init(division: .outputs, chunk: 15), .init(division: .outputs, chunk: 500),
    .init(division: .outputs, chunk: 15, transformsWeights: true),
    .init(division: .outputs, chunk: 500, transformsWeights: true),
  ]

  @Test(arguments: descriptions, schedules)
  func `agrees with the reference`(description: ConvolutionDescription, schedule: WinogradConvolution.Schedule?) {
    for (threads, points) in [(1, 6), (3, 6), (1, 4), (3, 4)] where points == 6 || description.kernel == [3, 3] {
      guard
        let operation = OneDNNEngine(threads: threads).winogradConvolution(
          description, points: points, schedule: schedule)
      else { return }
      let operands = BlockedOperands(description)
      expectClose(operands.run(operation), operands.plain, tolerance: 1e-4, "\(threads) threads, \(points) points")
    }
  }

  @Test(arguments: [descriptions[4], descriptions[8], descriptions[7]])
  func `applies scale, shift, addend and rectifier in one pass`(description: ConvolutionDescription) throws {
    let points = description.batch == 1 ? 4 : 6
    guard let operation = OneDNNEngine().winogradConvolution(description, points: points) else { return }
    var operands = BlockedOperands(description)
    operands.scale = randomBuffer(description.outputs, seed: 11).array
    operands.addend = randomBuffer(description.destination.count, seed: 12).array
    operands.negativeSlope = 0.1
    let expected = operands.finished
    expectClose(operands.run(operation), expected, tolerance: 1e-4)
    expectClose(operands.run(operation, addendIsDestination: true), expected, tolerance: 1e-4, "in place")
    operands.negativeSlope = 0
    expectClose(operands.run(operation), expected.map { max($0, 0) }, tolerance: 1e-4, "without a slope")
  }

  @Test func `reads and writes slices of larger tensors`() {
    let description = convolution(batch: 3, 16, 32, input: [6, 6], kernel: 3, pad: 1)
    guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
    let operands = BlockedOperands(description)
    expectClose(operands.run(operation, sourceGap: 96, destinationGap: 160), operands.plain, tolerance: 1e-4)
  }

  @Test func `passes on what is not a number, but not into the padding of a block`() {
    let description = convolution(batch: 1, 3, 5, input: [8, 8], kernel: 3, pad: 1)
    guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
    var operands = BlockedOperands(description)
    operands.source[27] = .nan
    let result = operands.run(operation)
    for (y, expected) in zip(
      result, BlockedOperands.reference(description, operands.source, operands.weights, operands.shift))
    {
      #expect(y.isNaN || !expected.isNaN)
    }
    #expect(result.contains { !$0.isNaN })
  }

  @Test(.enabled(if: hasBFloat16, "this processor has no instructions for bfloat16"), arguments: descriptions)
  func `rounds to bfloat16 what it computes in float32`(description: ConvolutionDescription) throws {
    let engine = OneDNNEngine()
    for points in [6, 4] where points == 6 || description.kernel == [3, 3] {
      let wide = try #require(engine.winogradConvolution(description, points: points))
      let narrow = try #require(engine.winogradConvolution(description, .bfloat16, points: points))
      var operands = BlockedOperands(description)
      operands.addend = randomBuffer(description.destination.count, seed: 12).array
      // Filters are transformed as they are.
      let weights = operands.weights
      operands = operands.rounded
      operands.weights = weights
      operands.negativeSlope = 0.1
      let expected = operands.run(wide).map(roundedToBFloat16)
      let differences = zip(operands.run(narrow, .bfloat16), expected).filter { $0 != $1 }
      #expect(differences.isEmpty, "\(differences.prefix(5)) of \(expected.count)")
      operands.source[0] = .nan
      #expect(operands.run(narrow, .bfloat16).map(\.isNaN) == operands.run(wide).map(\.isNaN))
    }
  }

  @Test func `is exact to a few units in the last place`() {
    for (channels, kernel, pad) in [(64, 3, 1), (512, 3, 1), (128, 5, 2)] {
      let description = convolution(batch: 1, channels, 32, input: [14, 14], kernel: kernel, pad: pad, hasBias: false)
      guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
      let operands = BlockedOperands(description)
      let exact = operands.exact
      let largest = exact.map(abs).max()!
      let error = zip(operands.run(operation), exact).map { abs(Double($0) - $1) }.max()!
      #expect(error < 1e-5 * largest)
    }
  }

  @Test func `refuses what it cannot do`() {
    let engine = OneDNNEngine()
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 3, stride: 2)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 3, dilation: 2)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 7)) == nil)
    #expect(engine.winogradConvolution(convolution(6, 9, group: 3, input: [8, 8], kernel: 3)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8], kernel: 3)) == nil)
    #expect(engine.winogradConvolution(convolution(batch: 0, 16, 16, input: [8, 8], kernel: 3)) == nil)
  }
}
