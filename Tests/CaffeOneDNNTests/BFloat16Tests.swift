import Caffe
import Testing

/// bfloat16 has 8 significant bits: each rounding changes a value by up to 1/256 of it, and sums of many such errors stay near
/// that, relative to the largest value.
private let tolerance: Float = 2e-2

private let hasBFloat16 = (try? OneDNNEngine().use(.bfloat16)) != nil

@Suite(.enabled(if: hasBFloat16, "this processor has no instructions for bfloat16"))
struct `Inference in bfloat16` {
  private let engine: OneDNNEngine

  init() throws {
    engine = OneDNNEngine(threads: 2)
    try engine.use(.bfloat16)
  }

  static let convolutions = [
    convolution(3, 32, input: [13, 11], kernel: 3, pad: 1), convolution(1, 20, input: [12, 12], kernel: 5),
    convolution(32, 48, input: [7, 6], kernel: 1), convolution(64, 32, input: [9, 9], kernel: 1, stride: 2),
    convolution(5, 7, input: [8, 8], kernel: 3, stride: 2, pad: 1), convolution(20, 50, input: [8, 8], kernel: 5),
    convolution(32, 32, group: 32, input: [9, 8], kernel: 3, pad: 1),
    convolution(64, 96, group: 2, input: [8, 8], kernel: 3, pad: 1),
    convolution(6, 9, group: 3, input: [8, 8], kernel: 3),
    convolution(16, 16, input: [14, 14], kernel: 3, pad: 2, dilation: 2),
    convolution(16, 24, input: [6, 6], kernel: 1, pad: 1), convolution(8, 16, input: [15], kernel: 3, pad: 1),
    convolution(4, 8, input: [5, 6, 7], kernel: 3, pad: 1),
  ]

  @Test(arguments: convolutions, [false, true])
  func `convolutions give what float32 gives, nearly`(description: ConvolutionDescription, hasAddend: Bool) throws {
    let x = randomBuffer(description.source.count, seed: 1)
    let w = randomBuffer(description.weights.count, seed: 2)
    let (scale, shift) = (randomBuffer(description.outputs, seed: 3), randomBuffer(description.outputs, seed: 4))
    let addend = hasAddend ? randomBuffer(description.destination.count, seed: 5) : nil
    let plain = Buffer(count: description.destination.count)
    var bare = description
    bare.hasBias = false
    ReferenceEngine().convolution(bare).forward(x, weights: w, bias: nil, into: plain)
    let places = description.output.reduce(1, *)
    let expected = plain.values.enumerated().map { index, value in
      let channel = index / places % description.outputs
      return max(0, scale.values[channel] * value + shift.values[channel] + (addend?.values[index] ?? 0))
    }

    let operation = try #require(
      engine.fusedConvolution(.init(convolution: description, hasScale: true, hasAddend: hasAddend, slope: 0)))
    let found = Buffer(count: description.destination.count)
    operation.forward(.init(source: x, weights: w, scale: scale, shift: shift, addend: addend, destination: found))
    expectNear(found.array, expected)
  }

  @Test(arguments: convolutions)
  func `a convolution by itself is the same`(description: ConvolutionDescription) {
    let x = randomBuffer(description.source.count, seed: 1)
    let w = randomBuffer(description.weights.count, seed: 2)
    let b = randomBuffer(description.outputs, seed: 3)
    let (expected, found) = (
      Buffer(count: description.destination.count), Buffer(count: description.destination.count)
    )
    ReferenceEngine().convolution(description).forward(x, weights: w, bias: b, into: expected)
    engine.convolution(description).forward(x, weights: w, bias: b, into: found)
    expectNear(found.array, expected.array)
  }

  /// One for which Winograd's algorithm in float32 is faster than products in bfloat16.
  @Test func `large convolutions of 3×3 are computed by Winograd's algorithm, also into a slice`() throws {
    let description = convolution(batch: 2, 128, 128, input: [28, 28], kernel: 3, pad: 1)
    let operation = try #require(
      engine.fusedConvolution(.init(convolution: description, hasScale: false, hasAddend: false, slope: 0)))
    #expect((operation as? any Explained)?.kernel?.contains("winograd") == true)
    let x = randomBuffer(description.source.count, seed: 1)
    let w = randomBuffer(description.weights.count, seed: 2)
    let b = randomBuffer(description.outputs, seed: 3)
    let expected = Buffer(count: description.destination.count)
    ReferenceEngine().convolution(description).forward(x, weights: w, bias: b, into: expected)
    let found = Buffer(count: description.destination.count)
    operation.forward(.init(source: x, weights: w, shift: b, destination: found))
    expectNear(found.array, expected.array.map { max($0, 0) })

    let whole = Shape([2, 160, 28, 28])
    let slice = ChannelSlice(of: whole, from: 32)
    #expect(operation.canWrite(slice))
    #expect(!operation.canWrite(ChannelSlice(of: whole, from: 8)))
    let joined = Buffer(count: whole.count)
    operation.forward(.init(source: x, weights: w, shift: b, destination: joined, slice: slice))
    let values = joined.array
    var written: [Float] = []
    for firstChannel in [32, 192] {
      written += values[(firstChannel * 784)..<((firstChannel + 128) * 784)]
    }
    #expect(written == found.array)
  }

  @Test(arguments: [1, 3, 5, 64], [false, true])
  func `inner products give what float32 gives, nearly`(rows: Int, isTransposed: Bool) {
    for (inputs, outputs) in [(1, 1), (75, 10), (512, 100), (1030, 67)] {
      let description = InnerProductDescription(
        rows: rows, inputs: inputs, outputs: outputs, isTransposed: isTransposed, hasBias: true)
      let x = randomBuffer(rows * inputs, seed: 1)
      let w = randomBuffer(inputs * outputs, seed: 2)
      let b = randomBuffer(outputs, seed: 3)
      let (expected, found) = (Buffer(count: rows * outputs), Buffer(count: rows * outputs))
      ReferenceEngine().innerProduct(description).forward(x, weights: w, bias: b, into: expected)
      engine.innerProduct(description).forward(x, weights: w, bias: b, into: found)
      expectNear(found.array, expected.array)
      // Weights that have changed count.
      w.mutableValues[0] += 1
      ReferenceEngine().innerProduct(description).forward(x, weights: w, bias: b, into: expected)
      engine.innerProduct(description).forward(x, weights: w, bias: b, into: found)
      expectNear(found.array, expected.array)
    }
  }

  @Test(arguments: [(24, [5, 5]), (20, [4, 4]), (64, [1, 1])])
  func `inner products read what a convolution left as it is`(channels: Int, size: [Int]) throws {
    let convolution = convolution(3, channels, input: size, kernel: 1)
    let x = Buffer(count: convolution.destination.count)
    try #require(
      engine.fusedConvolution(.init(convolution: convolution, hasScale: false, hasAddend: false, slope: nil))
    ).forward(
      .init(
        source: randomBuffer(convolution.source.count, seed: 1),
        weights: randomBuffer(convolution.weights.count, seed: 2), shift: randomBuffer(channels, seed: 3),
        destination: x))
    let description = InnerProductDescription(
      rows: convolution.batch, inputs: x.count / convolution.batch, outputs: 10, isTransposed: false, hasBias: false)
    let weights = randomBuffer(description.inputs * description.outputs, seed: 4)
    let (found, expected) = (Buffer(count: 10 * convolution.batch), Buffer(count: 10 * convolution.batch))
    let product = engine.innerProduct(description)
    product.forward(x, weights: weights, bias: nil, into: found)
    product.forward(x.copied, weights: weights, bias: nil, into: expected)
    #expect(found.array == expected.array)
  }

  /// A net of all that has kernels of its own, and of some that has not.
  private static let net = """
    precision: BF16
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 19 dim: 19 } } }
    layer { name: "c1" type: "Convolution" bottom: "data" top: "c1"
      convolution_param { num_output: 32 kernel_size: 3 weight_filler { type: "msra" } } }
    layer { name: "p1" type: "Pooling" bottom: "c1" top: "p1" pooling_param { kernel_size: 3 stride: 2 } }
    layer { name: "r1" type: "ReLU" bottom: "p1" top: "p1" }
    layer { name: "n1" type: "LRN" bottom: "p1" top: "n1" lrn_param { local_size: 5 alpha: 0.1 } }
    layer { name: "a" type: "Convolution" bottom: "n1" top: "a"
      convolution_param { num_output: 16 kernel_size: 1 weight_filler { type: "msra" } } }
    layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }
    layer { name: "b" type: "Convolution" bottom: "n1" top: "b"
      convolution_param { num_output: 32 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
    layer { name: "rb" type: "ReLU" bottom: "b" top: "b" }
    layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "cat" }
    layer { name: "c2" type: "Convolution" bottom: "cat" top: "c2"
      convolution_param { num_output: 48 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
    layer { name: "sum" type: "Eltwise" bottom: "cat" bottom: "c2" top: "sum" }
    layer { name: "rs" type: "ReLU" bottom: "sum" top: "sum" }
    layer { name: "p2" type: "Pooling" bottom: "sum" top: "p2" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
    layer { name: "tanh" type: "TanH" bottom: "p2" top: "tanh" }
    layer { name: "ip" type: "InnerProduct" bottom: "tanh" top: "ip"
      inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
    """

  private static func build(_ precision: Precision?, phase: Phase = .test) throws -> Net {
    let built = try Net(
      NetDefinition(text: net, file: "net.prototxt"), phase: phase, in: .standard(seed: 7, precision: precision))
    let input = built.blobs[built.inputs[0]].data
    input.copy(from: randomBuffer(input.count, seed: 1))
    return built
  }

  @Test func `a whole net computes in it where the definition says so`() throws {
    let (exact, narrow) = (try Self.build(.float32), try Self.build(nil))
    #expect(exact.precision == .float32)
    #expect(narrow.precision == .bfloat16)
    var kernels: [String] = []
    narrow.stepObserver = { kernels.append($0.kernel ?? "") }
    try exact.forward()
    try narrow.forward()
    expectNear(narrow.blob("ip")!.data.array, exact.blob("ip")!.data.array)
    #expect(narrow.blob("ip")!.data.array != exact.blob("ip")!.data.array)
    #expect(kernels.contains { $0.contains("bf16") })
    // What the pass has forgotten is computed again.
    for name in exact.blobNames { expectNear(narrow.blob(name)!.data.array, exact.blob(name)!.data.array) }
  }

  @Test func `values pass from layer to layer without turning into floats`() throws {
    let net = try Self.build(.bfloat16)
    let engine = try #require(net.engine as? OneDNNEngine)
    func conversions() throws -> Int {
      net.blobs[net.inputs[0]].data.mutableValues[0] += 1
      let before = engine.reorderCount
      try net.forward()
      _ = net.blob("ip")!.data.values
      return engine.reorderCount - before
    }
    _ = try conversions()
    // The data, and what TanH reads.
    #expect(try conversions() <= 3)
  }

  @Test func `training is refused`() throws {
    let error = #expect(throws: NetError.self) { try Self.build(nil, phase: .train) }
    #expect(error?.problem == "a net of the phase TRAIN computes in float32 only, and is to compute in bf16")
    #expect(error?.remedy?.contains("precision: BF16") == true)
  }

  @Test func `a backward pass is refused`() throws {
    let net = try Self.build(nil)
    try net.forward()
    let error = #expect(throws: NetError.self) { try net.backward() }
    #expect(error?.problem == "gradients are computed in float32 only, and this net computes in bf16")
  }

  /// Within the tolerance of the largest value.
  private func expectNear(
    _ found: [Float], _ expected: [Float], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let largest = expected.map(abs).max() ?? 0
    let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    #expect(difference <= tolerance * largest, sourceLocation: sourceLocation)
  }
}

@Suite struct `The reference engine` {
  @Test func `computes in float32 only`() throws {
    try ReferenceEngine().use(.float32)
    let error = #expect(throws: NetError.self) { try ReferenceEngine().use(.bfloat16) }
    #expect(error?.problem == "the engine 'reference' computes in float32 only")
  }
}
