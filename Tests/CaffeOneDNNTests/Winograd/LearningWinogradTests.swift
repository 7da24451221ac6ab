import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `Winograd's algorithm in training` {
  static let descriptions = [
    convolution(batch: 4, 32, 48, input: [20, 17], kernel: 3, pad: 1, hasBias: false),
    convolution(batch: 8, 64, 64, group: 2, input: [16, 16], kernel: 3, hasBias: false),
    convolution(batch: 6, 48, 32, input: [19, 23], kernel: 5, pad: 2, hasBias: false),
    convolution(batch: 6, 32, 32, input: [19, 23], kernel: 5, pad: 3, hasBias: false),
  ]

  @Test(arguments: descriptions)
  func `gives results and gradients that differ by rounding only`(description: ConvolutionDescription) {
    let source = randomBuffer(description.source.count, seed: 1)
    let weights = randomBuffer(description.weights.count, seed: 2)
    let destinationDiff = randomBuffer(description.destination.count, seed: 3)
    let results = [true, false].map { winograd in
      let operation = OneDNNEngine(winograd: winograd).convolution(description)
      let destination = Buffer(count: description.destination.count)
      let sourceDiff = Buffer(count: description.source.count)
      for _ in 0..<2 {
        operation.forward(source, weights: weights, bias: nil, into: destination)
        operation.backwardData(destinationDiff, weights: weights, into: sourceDiff)
      }
      return (destination, sourceDiff)
    }
    expectClose(results[0].0, results[1].0, tolerance: 1e-4, "results")
    expectClose(results[0].1, results[1].1, tolerance: 1e-4, "gradients")
  }
}
