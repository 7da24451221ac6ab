import Caffe
import Testing

/// Nets that infer give up the row-major form of weights that they have in another.
@Suite struct `Weights of a net that infers` {
  @Test func `are given up row by row once they lie as kernels want them, and come back unchanged`() throws {
    let (net, weights) = try Self.run()
    for name in Self.convolutions { #expect(net.weights(name).isInEngineForm, "\(name)") }
    for name in Self.convolutions { #expect(net.weights(name).array == weights[name], "\(name)") }
    let output = net.output
    try net.forward()
    #expect(net.output == output)
  }

  @Test func `may be changed after a pass`() throws {
    let (net, _) = try Self.run()
    for name in Self.convolutions {
      let before = net.output
      net.weights(name).mutableValues[0] += 100
      try net.forward()
      #expect(net.output != before, "\(name)")
      let plain = try Self.net(.reference)
      for (source, target) in zip(net.parameters, plain.parameters) { target.blob.data.copy(from: source.blob.data) }
      try plain.forward()
      // One weight of 100 leaves little of the others in a sum.
      expectClose(net.output, plain.output, tolerance: 1e-3, name)
    }
  }

  @Test func `are stored as they were`() throws {
    let before = try Self.net(.oneDNN).proto()
    let (net, _) = try Self.run()
    #expect(net.proto().layer.map(\.blobs) == before.layer.map(\.blobs))
  }

  @Test func `stay where somebody looks at them`() throws {
    let net = try Self.net(.oneDNN)
    let viewed = net.weights("deep")
    viewed.pin()
    defer { viewed.unpin() }
    let memory = viewed.lastingMemory
    try net.forward()
    let before = net.output
    #expect(!viewed.isInEngineForm)
    memory.pointer[0] += 100
    try net.forward()
    #expect(net.output != before)
  }

  @Test func `are exact for others that share them with a net in bfloat16`() throws {
    guard (try? OneDNNEngine().use(.bfloat16)) != nil else { return }
    let (net, weights) = try Self.run()
    let narrow = try Self.net(.oneDNN, .bfloat16)
    try narrow.shareWeights(with: net)
    for _ in 0..<2 {
      try narrow.forward()
      try net.forward()
    }
    for name in Self.convolutions { #expect(net.weights(name).array == weights[name], "\(name)") }
  }

  @Test func `leave a net that learns from them alone`() throws {
    let learning = try Self.net(.oneDNN, phase: .train)
    let (net, weights) = try Self.run()
    try net.shareWeights(with: learning)
    try net.forward()
    for name in Self.convolutions { #expect(learning.weights(name).array == weights[name], "\(name)") }
    try learning.forward()
    expectClose(learning.output, net.output, tolerance: 1e-4)
  }

  // MARK: The net

  /// A direct convolution, and one whose weights are transformed in each pass.
  private static let convolutions = ["direct", "deep"]

  private static func net(
    _ engine: EngineChoice, _ precision: Precision = .float32, phase: Phase = .test
  ) throws -> Net {
    let text = """
      layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 16 dim: 12 dim: 12 } } }
      layer { name: "direct" type: "Convolution" bottom: "x" top: "direct"
        convolution_param { num_output: 256 kernel_size: 3 pad: 2 dilation: 2 weight_filler { type: "xavier" } } }
      layer { name: "deep" type: "Convolution" bottom: "direct" top: "deep"
        convolution_param { num_output: 256 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
      layer { name: "out" type: "Pooling" bottom: "deep" top: "out" pooling_param { pool: AVE global_pooling: true } }
      """
    let net = try Net(
      NetDefinition(text: text, file: "weights.prototxt"), phase: phase,
      in: .standard(seed: 7, engine: engine, precision: precision))
    net.blob("x")!.data.copy(from: randomBuffer(net.blob("x")!.count, seed: 1))
    return net
  }

  /// A net after a pass, and its weights before.
  private static func run() throws -> (net: Net, weights: [String: [Float]]) {
    let net = try net(.oneDNN)
    let weights = Dictionary(uniqueKeysWithValues: convolutions.map { ($0, net.weights($0).array) })
    try net.forward()
    return (net, weights)
  }
}

extension Net {
  fileprivate func weights(_ layer: String) -> Buffer { self.layer(layer)!.layer.parameters[0].data }
  fileprivate var output: [Float] { blob("out")!.data.array }
}
