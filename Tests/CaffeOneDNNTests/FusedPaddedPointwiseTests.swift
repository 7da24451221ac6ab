import Caffe
import Testing

@Suite struct `A convolution of single pixels with padding` {
  @Test(arguments: [(32, 48), (3, 20), (5, 1)], [nil, 0, 0.25] as [Float?])
  func `gives what the reference gives, in what lies around as well`(channels: (Int, Int), slope: Float?) throws {
    let convolution = ConvolutionDescription(
      batch: 2, channels: channels.0, outputs: channels.1, input: [5, 4], output: [7, 8], kernel: [1, 1],
      stride: [1, 1], pad: [1, 2], dilation: [1, 1], hasBias: true)
    var random = Random(seed: 5)
    func filled(_ count: Int) -> Buffer {
      let buffer = Buffer(count: count)
      let values = buffer.uninitializedValues
      for i in values.indices { values[i] = random.uniform(-1, 1) }
      return buffer
    }
    let (x, w, b) = (
      filled(convolution.source.count), filled(convolution.weights.count), filled(convolution.outputs)
    )
    let expected = Buffer(count: convolution.destination.count)
    ReferenceEngine().convolution(convolution).forward(x, weights: w, bias: b, into: expected)
    let rectified = expected.values.map { value in value < 0 ? (slope ?? 1) * value : value }

    let engine = OneDNNEngine(threads: 2)
    let operation = try #require(
      engine.fusedConvolution(.init(convolution: convolution, hasScale: false, hasAddend: false, slope: slope)))
    let found = Buffer(count: convolution.destination.count)
    operation.forward(FusedConvolutionOperands(source: x, weights: w, shift: b, destination: found))
    for (a, b) in zip(found.values, rectified) { #expect(abs(a - b) < 1e-5) }
  }
}
