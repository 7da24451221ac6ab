import CaffeCore
import CaffeKernels
import CaffeOneDNN
import Testing

private let hasBFloat16 = (try? OneDNNEngine().use(.bfloat16)) != nil

@Suite struct `Convolution by panels of weights` {
  static let descriptions = [
    convolution(64, 64, input: [7, 7], kernel: 1),
    convolution(32, 48, input: [3, 5], kernel: 1),
    convolution(batch: 3, 20, 50, input: [9, 11], kernel: 1),
    convolution(17, 33, input: [5, 4], kernel: 1, hasBias: false),
    convolution(3, 5, input: [1, 1], kernel: 1),
    convolution(batch: 1, 70, 96, input: [14, 14], kernel: 1, stride: 2),
    convolution(32, 32, input: [9, 8], kernel: 1, stride: 3),
    convolution(32, 64, input: [6, 7], kernel: 1, pad: 2),
    convolution(32, 40, input: [7, 7], kernel: 3, pad: 1),
    convolution(16, 32, input: [17, 15], kernel: 3),
    convolution(batch: 1, 36, 32, input: [15, 14], kernel: 3, stride: 2, pad: 1),
    convolution(16, 16, input: [12, 13], kernel: 5, stride: 2, pad: 2),
    convolution(16, 32, input: [11, 11], kernel: 2, stride: 3),
  ]

  static let schedules: [PanelConvolution.Schedule?] = [
    nil, .init(division: .runs, chunk: 2, depth: 16), .init(division: .outputs, chunk: 3, depth: 32),
    .init(division: .outputs, chunk: 500, depth: 512),
  ]

  @Test(arguments: descriptions, schedules)
  func `agrees with the reference`(description: ConvolutionDescription, schedule: PanelConvolution.Schedule?) {
    for threads in [1, 3] {
      guard let operation = OneDNNEngine(threads: threads).panelConvolution(description, schedule: schedule) else {
        return
      }
      let operands = BlockedOperands(description)
      expectClose(operands.run(operation), operands.plain, "\(threads) threads")
    }
  }

  /// A result is rounded once, and differs from the reference's by half of the distance of such numbers at most.
  private func expectRounded(
    _ found: [Float], _ expected: [Float], _ comment: Comment = "",
    at location: Testing.SourceLocation = #_sourceLocation
  ) {
    let largest = expected.map(abs).max() ?? 0
    let far = zip(found, expected).filter { abs($0 - $1) > abs($1) / 256 + 1e-5 * largest }
    #expect(found.count == expected.count && far.isEmpty, comment, sourceLocation: location)
  }

  @Test(
    .enabled(if: hasBFloat16, "this processor has no instructions for bfloat16"), arguments: descriptions, schedules)
  func `sums products of bfloat16 in float32`(
    description: ConvolutionDescription, schedule: PanelConvolution.Schedule?
  ) throws {
    for threads in [1, 3] {
      let engine = OneDNNEngine(threads: threads)
      let operation = try #require(engine.panelConvolution(description, .bfloat16, schedule: schedule))
      let operands = BlockedOperands(description).rounded
      expectRounded(operands.run(operation, .bfloat16), operands.plain, "\(threads) threads")
      if description.batch > 1 {
        let found = operands.run(operation, .bfloat16, sourceGap: 96, destinationGap: 160)
        expectRounded(found, operands.plain, "slices")
      }
    }
  }

  @Test(
    .enabled(if: hasBFloat16, "this processor has no instructions for bfloat16"), arguments: [64, 48, 40, 20, 7],
    [nil, 0, 0.1] as [Float?])
  func `applies all of it to sums of bfloat16`(outputs: Int, slope: Float?) throws {
    let description = convolution(40, outputs, input: [5, 5], kernel: 1)
    for depth in [16, 64] {
      let schedule = PanelConvolution.Schedule(division: .runs, chunk: 3, depth: depth)
      let operation = try #require(OneDNNEngine().panelConvolution(description, .bfloat16, schedule: schedule))
      var operands = BlockedOperands(description)
      operands.negativeSlope = slope
      operands.scale = randomBuffer(description.outputs, seed: 11).array
      operands.addend = randomBuffer(description.destination.count, seed: 12).array
      operands = operands.rounded
      expectRounded(operands.run(operation, .bfloat16), operands.finished)
      expectRounded(operands.run(operation, .bfloat16, addendIsDestination: true), operands.finished, "in place")
    }
  }

  @Test func `serves kernels that are not square`() {
    let description = ConvolutionDescription(
      batch: 2, channels: 32, outputs: 32, input: [9, 10], output: [5, 10], kernel: [1, 3], stride: [2, 1],
      pad: [0, 1],
      dilation: [1, 1], hasBias: true)
    guard let operation = OneDNNEngine().panelConvolution(description) else { return }
    let operands = BlockedOperands(description)
    expectClose(operands.run(operation), operands.plain)
  }

  /// Whole pairs of blocks of outputs, odd ones and partial ones are finished by different code.
  @Test(arguments: [64, 48, 40, 20, 7], [nil, 0, 0.1] as [Float?])
  func `applies scale, shift, addend and rectifier in one pass`(outputs: Int, slope: Float?) {
    let description = convolution(40, outputs, input: [5, 5], kernel: 1)
    for depth in [16, 64] {
      let schedule = PanelConvolution.Schedule(division: .runs, chunk: 3, depth: depth)
      guard let operation = OneDNNEngine().panelConvolution(description, schedule: schedule) else { return }
      var operands = BlockedOperands(description)
      operands.negativeSlope = slope
      expectClose(operands.run(operation), operands.finished, "rectified")
      operands.scale = randomBuffer(description.outputs, seed: 11).array
      expectClose(operands.run(operation), operands.finished, "scaled")
      operands.addend = randomBuffer(description.destination.count, seed: 12).array
      expectClose(operands.run(operation), operands.finished, "with an addend")
      expectClose(operands.run(operation, addendIsDestination: true), operands.finished, "in place")
    }
  }

  @Test func `reads and writes slices of larger tensors`() {
    for kernel in [1, 3] {
      let description = convolution(batch: 3, 16, 32, input: [6, 6], kernel: kernel, pad: kernel / 2)
      guard let operation = OneDNNEngine().panelConvolution(description) else { return }
      let operands = BlockedOperands(description)
      expectClose(operands.run(operation, sourceGap: 96, destinationGap: 160), operands.plain)
    }
  }

  @Test func `passes on what is not a number, but not into the padding of a block`() {
    let description = convolution(batch: 1, 20, 21, input: [4, 4], kernel: 1)
    guard let operation = OneDNNEngine().panelConvolution(description) else { return }
    var operands = BlockedOperands(description)
    operands.source[27] = .nan
    operands.negativeSlope = 0
    let result = operands.run(operation)
    for (i, y) in result.enumerated() { #expect(y.isNaN == (i % 16 == 27 % 16)) }
    operands.source[27] = -.infinity
    operands.negativeSlope = nil
    #expect(operands.run(operation).contains(-.infinity))
  }

  @Test func `refuses what it cannot do`() {
    let engine = OneDNNEngine()
    #expect(engine.panelConvolution(convolution(16, 16, input: [8, 8], kernel: 3, dilation: 2)) == nil)
    #expect(engine.panelConvolution(convolution(32, 32, group: 2, input: [8, 8], kernel: 1)) == nil)
    #expect(engine.panelConvolution(convolution(16, 16, input: [8], kernel: 1)) == nil)
    #expect(engine.panelConvolution(convolution(batch: 0, 16, 16, input: [8, 8], kernel: 1)) == nil)
  }
}
