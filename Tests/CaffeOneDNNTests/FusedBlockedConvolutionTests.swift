import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `A convolution by our own kernels with what follows it` {
  static let descriptions = [
    convolution(64, 96, input: [14, 14], kernel: 1), convolution(64, 64, input: [15, 14], kernel: 1, stride: 2),
    convolution(64, 64, input: [28, 28], kernel: 3, pad: 1),
  ]

  @Test(arguments: descriptions)
  func `gives what oneDNN gives, with the addend's memory or without`(convolution: ConvolutionDescription) throws {
    guard OneDNNEngine().panelConvolution(convolution) != nil else { return }
    let description = FusedConvolutionDescription(convolution: convolution, hasScale: true, hasAddend: true, slope: 0)
    let (scale, shift) = (randomBuffer(convolution.outputs, seed: 1), randomBuffer(convolution.outputs, seed: 2))
    let weights = randomBuffer(convolution.weights.count, seed: 3)
    func results(_ engine: OneDNNEngine) throws -> (kernel: String, values: [[Float]]) {
      let operation = try #require(engine.fusedConvolution(description))
      let values = [false, true, true].map { mayConsume in
        let destination = Buffer(count: convolution.destination.count)
        operation.forward(
          FusedConvolutionOperands(
            source: randomBuffer(convolution.source.count, seed: 4), weights: weights, scale: scale, shift: shift,
            addend: randomBuffer(convolution.destination.count, seed: 5), mayConsumeAddend: mayConsume,
            destination: destination))
        return destination.array
      }
      return (try #require((operation as? any Explained)?.kernel), values)
    }
    let (own, others) = (try results(OneDNNEngine()), try results(OneDNNEngine(winograd: false, panels: false)))
    #expect(own.kernel.contains("panels") || own.kernel.contains("winograd"))
    #expect(others.kernel.contains("jit"))
    for (a, b) in zip(own.values, others.values) { expectClose(a, b, tolerance: 1e-4) }
  }

  @Test func `reads weights again that have changed`() throws {
    let convolution = convolution(64, 64, input: [7, 7], kernel: 1, hasBias: false)
    let operation = try #require(
      OneDNNEngine().fusedConvolution(
        FusedConvolutionDescription(convolution: convolution, hasScale: false, hasAddend: false, slope: nil)))
    let weights = randomBuffer(convolution.weights.count, seed: 1)
    let source = randomBuffer(convolution.source.count, seed: 2)
    let destination = Buffer(count: convolution.destination.count)
    operation.forward(FusedConvolutionOperands(source: source, weights: weights, destination: destination))
    let first = destination.array
    let values = weights.mutableValues
    for i in values.indices { values[i] *= 2 }
    operation.forward(FusedConvolutionOperands(source: source, weights: weights, destination: destination))
    expectClose(destination.array, first.map { 2 * $0 })
  }
}
