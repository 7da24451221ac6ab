import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `oneDNN inner product` {
  static let descriptions = [1, 3, 5, 64].flatMap { rows in
    [false, true].flatMap { isTransposed in
      [(80, 50), (50, 10), (1, 1), (17, 33)].map { inputs, outputs in
        InnerProductDescription(
          rows: rows, inputs: inputs, outputs: outputs, isTransposed: isTransposed, hasBias: inputs != 17)
      }
    }
  }

  @Test(arguments: descriptions + [InnerProductDescription(rows: 0, inputs: 3, outputs: 2, hasBias: true)])
  func `agrees with the reference, twice`(description: InnerProductDescription) {
    let fast = run(OneDNNEngine(), description)
    let plain = run(ReferenceEngine(), description)
    for (fast, plain) in zip(fast, plain) { expectClose(fast, plain, tolerance: 1e-4) }
  }

  /// Forward once, backward twice, so that the gradients of the parameters add up.
  private func run(_ engine: any Engine, _ description: InnerProductDescription) -> [Buffer] {
    let operation = engine.innerProduct(description)
    let source = randomBuffer(description.rows * description.inputs, seed: 1)
    let weights = randomBuffer(description.inputs * description.outputs, seed: 2)
    let bias = description.hasBias ? randomBuffer(description.outputs, seed: 3) : nil
    let destination = randomBuffer(description.rows * description.outputs, seed: 4)
    let destinationDiff = randomBuffer(description.rows * description.outputs, seed: 5)
    let sourceDiff = randomBuffer(source.count, seed: 6)
    let weightsDiff = Buffer(count: weights.count)
    let biasDiff = description.hasBias ? Buffer(count: description.outputs) : nil
    operation.forward(source, weights: weights, bias: bias, into: destination)
    for _ in 0..<2 {
      operation.backwardData(destinationDiff, weights: weights, into: sourceDiff)
      operation.backwardParameters(source, destinationDiff, weights: weightsDiff, bias: biasDiff)
    }
    return [destination, sourceDiff, weightsDiff] + (biasDiff.map { [$0] } ?? [])
  }
}
