import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN convolution` {
  static let descriptions: [ConvolutionDescription] = {
    var all = [
      convolution(1, 20, input: [12, 12], kernel: 5),
      convolution(20, 50, input: [12, 12], kernel: 5),
      convolution(3, 64, input: [17, 15], kernel: 7, stride: 2, pad: 3),
      convolution(64, 64, input: [9, 9], kernel: 3, pad: 1, hasBias: false),
      convolution(64, 20, input: [8, 8], kernel: 1),
      convolution(32, 64, input: [9, 9], kernel: 1, stride: 2),
      convolution(16, 16, input: [14, 14], kernel: 3, pad: 2, dilation: 2),
      convolution(20, 50, input: [11, 11], kernel: 3, stride: 2, pad: 2, dilation: 2),
      convolution(32, 64, group: 2, input: [7, 7], kernel: 3, pad: 1),
      convolution(6, 9, group: 3, input: [7, 7], kernel: 3, stride: 2),
      convolution(32, 32, group: 32, input: [10, 10], kernel: 3, stride: 2, pad: 1),
      convolution(50, 1, input: [5, 5], kernel: 5),
      convolution(3, 5, input: [20], kernel: 3, stride: 2, pad: 1),
      convolution(16, 32, input: [20], kernel: 5, dilation: 2),
      convolution(3, 8, input: [5, 6, 7], kernel: 3, pad: 1),
      convolution(16, 16, input: [4, 5, 6], kernel: 2, stride: 2),
      // oneDNN's gradient by these weights is wrong where channels are last (AVX2).
      convolution(batch: 1, 1, 5, input: [8, 8], kernel: 1, stride: 2),
      convolution(batch: 1, 3, 17, input: [14, 14], kernel: 1, stride: 2),
      convolution(batch: 1, 5, 8, input: [9, 6], kernel: 1, stride: 3),
      // Beyond oneDNN: four axes, none, and an empty batch.
      convolution(2, 3, input: [3, 3, 3, 3], kernel: 2),
      convolution(2, 3, input: [], kernel: 1),
      convolution(batch: 0, 2, 3, input: [5, 5], kernel: 3),
    ]
    all.append(
      ConvolutionDescription(
        batch: 3, channels: 16, outputs: 24, input: [9, 12], output: [5, 11], kernel: [1, 4], stride: [2, 1],
        pad: [0, 1], dilation: [1, 1], hasBias: true))
    // oneDNN's gradient by these weights is wrong.
    all.append(
      ConvolutionDescription(
        batch: 1, channels: 32, outputs: 32, group: 2, input: [2, 1, 2], output: [2, 1, 1], kernel: [5, 1, 2],
        stride: [3, 2, 3], pad: [4, 0, 1], dilation: [1, 1, 2], hasBias: true))
    return all
  }()

  /// Large enough for Winograd's algorithm.
  static let largeDescriptions = [
    convolution(64, 64, input: [28, 28], kernel: 3, pad: 1),
    convolution(32, 40, input: [21, 19], kernel: 5, pad: 2),
    convolution(batch: 4, 64, 128, group: 2, input: [27, 27], kernel: 3, pad: 2, hasBias: false),
    convolution(batch: 1, 128, 128, input: [20, 20], kernel: 5, pad: 2),
  ]

  /// A frozen bias, as `param { lr_mult: 1 } param { lr_mult: 0 }` has it.
  @Test(arguments: (descriptions + largeDescriptions).filter(\.hasBias))
  func `learns weights without the bias`(description: ConvolutionDescription) {
    var random = Random(seed: 3, stream: 0)
    func tensor(_ shape: Shape) -> Buffer { buffer((0..<shape.count).map { _ in random.gaussian() }) }
    let (source, diff) = (tensor(description.source), tensor(description.destination))
    for adds in [false, true] {
      let weights = [OneDNNEngine() as any Engine, ReferenceEngine()].map { engine in
        let weights = Buffer(count: description.weights.count)
        if adds { weights.uninitializedValues.update(repeating: 1) }
        engine.convolution(description).backwardParameters(source, diff, weights: weights, bias: nil)
        return weights
      }
      expectClose(weights[0], weights[1], tolerance: 1e-3)
    }
  }

  @Test(arguments: largeDescriptions)
  func `uses Winograd's algorithm where that is faster, unless told not to`(description: ConvolutionDescription) {
    guard OneDNNEngine().winogradConvolution(description) != nil else { return }
    func kernel(_ engine: OneDNNEngine) -> String? { (engine.convolution(description) as? any Explained)?.kernel }
    #expect(kernel(OneDNNEngine())?.contains("winograd") == true)
    #expect(kernel(OneDNNEngine(winograd: false))?.contains("winograd") == false)
  }

  @Test(arguments: [largeDescriptions[0], largeDescriptions[3]])
  func `uses it for both gradients as well`(description: ConvolutionDescription) throws {
    guard OneDNNEngine().winogradConvolution(description) != nil else { return }
    let operation = try #require(OneDNNEngine(threads: 2).convolution(description) as? any Explained)
    #expect(operation.backwardKernel == operation.kernel)
  }

  @Test(arguments: descriptions + largeDescriptions)
  func `agrees with the reference`(description: ConvolutionDescription) {
    let fast = Pass(OneDNNEngine().convolution(description))
    let plain = Pass(ReferenceEngine().convolution(description))
    expectClose(fast.destination, plain.destination, tolerance: 1e-4, "destination")
    expectClose(fast.sourceDiff, plain.sourceDiff, tolerance: 1e-4, "gradient of the source")
    expectClose(fast.weightsDiff, plain.weightsDiff, tolerance: 1e-4, "gradient of the weights")
    expectClose(fast.biasDiff, plain.biasDiff, tolerance: 1e-4, "gradient of the bias")
  }

  @Test(arguments: [
    convolution(20, 50, input: [6, 6], kernel: 3), convolution(16, 32, input: [6, 6], kernel: 3),
    convolution(4, 8, group: 2, input: [6, 6], kernel: 3), largeDescriptions[0],
  ])
  func `adds to the gradients of the parameters`(description: ConvolutionDescription) {
    let pass = Pass(OneDNNEngine().convolution(description))
    let (once, onceBias) = (pass.weightsDiff.copied, pass.biasDiff.copied)
    pass.backwardParameters()
    expectClose(pass.weightsDiff.array, once.array.map { 2 * $0 }, "after two passes")
    // Somebody halves the gradients in plain memory; the next pass adds to that.
    for i in 0..<pass.weightsDiff.count { pass.weightsDiff.mutableValues[i] *= 0.5 }
    pass.backwardParameters()
    expectClose(pass.weightsDiff.array, once.array.map { 2 * $0 }, "after a change in between")
    expectClose(pass.biasDiff.array, onceBias.array.map { 3 * $0 })
    pass.weightsDiff.setZero()
    pass.backwardParameters()
    expectClose(pass.weightsDiff, once, "after setting to zero")
  }

  @Test(arguments: [convolution(16, 32, input: [6, 6], kernel: 3), largeDescriptions[0]])
  func `sees weights that were written between two passes`(description: ConvolutionDescription) {
    let fast = Pass(OneDNNEngine().convolution(description))
    let plain = Pass(ReferenceEngine().convolution(description))
    for pass in [fast, plain] {
      pass.weights.mutableValues[7] = 9
      pass.forward()
      pass.backwardData()
    }
    expectClose(fast.destination, plain.destination, tolerance: 1e-4)
    expectClose(fast.sourceDiff, plain.sourceDiff, tolerance: 1e-4)
  }

  @Test func `packs weights once`() {
    let engine = OneDNNEngine()
    let pass = Pass(engine.convolution(convolution(16, 32, input: [6, 6], kernel: 3)))
    let before = engine.reorderCount
    for _ in 0..<3 { pass.forward() }
    #expect(engine.reorderCount == before)
  }
}

/// A convolution with random operands that has run forward and backward once.
private final class Pass {
  let operation: any ConvolutionOperation
  let source: Buffer
  let weights: Buffer
  let bias: Buffer?
  let destination: Buffer
  let destinationDiff: Buffer
  let sourceDiff: Buffer
  let weightsDiff: Buffer
  let biasDiff: Buffer

  init(_ operation: any ConvolutionOperation) {
    self.operation = operation
    let description = operation.description
    source = randomBuffer(description.source.count, seed: 1)
    weights = randomBuffer(description.weights.count, seed: 2)
    bias = description.hasBias ? randomBuffer(description.outputs, seed: 3) : nil
    destination = Buffer(count: description.destination.count)
    destinationDiff = randomBuffer(description.destination.count, seed: 4)
    sourceDiff = randomBuffer(description.source.count, seed: 5)
    weightsDiff = Buffer(count: description.weights.count)
    biasDiff = Buffer(count: description.outputs)
    forward()
    backwardData()
    backwardParameters()
  }

  func forward() { operation.forward(source, weights: weights, bias: bias, into: destination) }

  func backwardData() { operation.backwardData(destinationDiff, weights: weights, into: sourceDiff) }

  func backwardParameters() {
    operation.backwardParameters(
      source, destinationDiff, weights: weightsDiff, bias: operation.description.hasBias ? biasDiff : nil)
  }
}
