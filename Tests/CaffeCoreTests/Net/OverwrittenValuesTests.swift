import Caffe
import CaffeTesting
import Testing

/// Chains of layers that work in place, against the same chains with a blob for each layer.
@Suite struct `A gradient behind layers that work in place` {
  /// Layers that work in place, with something to learn or not.
  static let kinds = [
    #"type: "ReLU" relu_param { negative_slope: 0.1 }"#, #"type: "Sigmoid""#, #"type: "TanH""#, #"type: "ELU""#,
    #"type: "BatchNorm""#, #"type: "Scale" scale_param { bias_term: true filler { type: "uniform" min: 1 max: 2 } }"#,
    #"type: "PReLU""#, #"type: "Dropout""#, #"type: "LRN""#, #"type: "MVN""#, #"type: "Softmax""#,
    #"type: "Exp" exp_param { scale: 0.2 }"#,
    #"type: "Power" power_param { power: 2 shift: 3 }"#, #"type: "Swish""#,
  ]

  @Test(arguments: kinds, EngineChoice.allCases)
  func `is that of layers with blobs of their own`(first: String, engine: EngineChoice) throws {
    for second in Self.kinds {
      for start in [#"bottom: "x" top: "b""#, #"bottom: "b" top: "b""#] {
        let before = start.contains("x") ? "" : Self.convolution("x", "b")
        let chain = [before, "\(start) \(first)", #"bottom: "b" top: "b" \#(second)"#]
        let (inPlace, apart) = (try Self.net(chain, engine), try Self.net(Self.apart(chain), engine))
        try Self.expectSame(inPlace, apart, "\(first) then \(second)")
      }
    }
  }

  @Test func `is right behind other views of the same memory`() throws {
    let reshape = #"type: "Reshape" reshape_param { shape { dim: 0 dim: -1 } }"#
    let back = #"type: "Reshape" reshape_param { shape { dim: 0 dim: 16 dim: 5 dim: 5 } }"#
    let chain = [
      #"bottom: "x" top: "a" type: "Sigmoid""#, #"bottom: "a" top: "f" \#(reshape)"#,
      #"bottom: "f" top: "f" type: "TanH""#, #"bottom: "f" top: "b" \#(back)"#,
    ]
    var apart = chain
    apart[2] = #"bottom: "f" top: "g" type: "TanH""#
    apart[3] = #"bottom: "g" top: "b" \#(back)"#
    try Self.expectSame(try Self.net(chain, .oneDNN), try Self.net(apart, .oneDNN), "views")
  }

  @Test func `is right after a planned pass of a net that infers`() throws {
    let chain = [
      Self.convolution("x", "b"), #"bottom: "b" top: "b" \#(Self.kinds[0])"#,
      #"bottom: "b" top: "b" type: "BatchNorm""#,
    ]
    let nets = try [chain, Self.apart(chain)].map { try Self.net($0, .oneDNN, .test) }
    try Self.expectSame(nets[0], nets[1], "planned")
  }

  @Test func `is that of the part of the net that ran last`() throws {
    let chain = [
      #"bottom: "x" top: "b" type: "Sigmoid""#, #"bottom: "b" top: "b" type: "BatchNorm""#,
    ]
    let net = try Self.net(chain, .reference)
    try net.forward()
    // The values of x that count are new ones, and BatchNorm has not overwritten what Sigmoid made of them.
    net.blob("x")!.array = (0..<800).map { Float($0 % 7) }
    let sigmoid = net.layers.firstIndex { $0.type == "Sigmoid" }!
    try net.forward(to: sigmoid)
    let y = net.blob("b")!.array
    net.blob("b")!.diffArray = Array(repeating: 1, count: 800)
    try net.backward(from: sigmoid)
    #expect(net.blob("x")!.diffArray == y.map { $0 * (1 - $0) })
  }

  @Test func `keeps nothing where nothing that counts is overwritten`() throws {
    let chain = [
      Self.convolution("x", "b"), #"bottom: "b" top: "b" type: "BatchNorm""#,
      #"bottom: "b" top: "b" type: "Scale" scale_param { bias_term: true }"#, #"bottom: "b" top: "b" type: "ReLU""#,
    ]
    let net = try Self.net(chain, .oneDNN)
    #expect(!net.overwritesValues)
  }

  private static func convolution(_ bottom: String, _ top: String) -> String {
    #"bottom: "\#(bottom)" top: "\#(top)" type: "Convolution" convolution_param { num_output: 16 kernel_size: 1 weight_filler { type: "gaussian" std: 0.3 } }"#
  }

  /// Each layer with a blob of its own; the last one is b.
  private static func apart(_ chain: [String]) -> [String] {
    let chain = chain.filter { !$0.isEmpty }
    return chain.enumerated().map { index, layer in
      layer.replacing(#"bottom: "b""#, with: #"bottom: "b\#(index - 1)""#)
        .replacing(#"top: "b""#, with: index == chain.count - 1 ? #"top: "b""# : #"top: "b\#(index)""#)
    }
  }

  private static func net(_ chain: [String], _ engine: EngineChoice, _ phase: Phase = .train) throws -> Net {
    let layers = chain.filter { !$0.isEmpty }.enumerated().map { #"layer { name: "l\#($0)" \#($1) }"# }
    let text =
      """
      force_backward: true
      layer { name: "x" type: "Input" top: "x" top: "y" input_param { shape { dim: 2 dim: 16 dim: 5 dim: 5 } } }
      \(layers.joined(separator: "\n"))
      layer { name: "loss" type: "EuclideanLoss" bottom: "b" bottom: "y" top: "loss" }
      """
    let net = try Net(
      NetDefinition(text: text, file: "chain.prototxt"), phase: phase,
      in: .standard(seed: 1, engine: engine, logger: KeptLog().logger))
    var random = Random(seed: 5, stream: 0)
    for name in ["x", "y"] { net.blob(name)!.array = (0..<800).map { _ in random.gaussian() } }
    return net
  }

  private static func expectSame(_ inPlace: Net, _ apart: Net, _ what: String) throws {
    for net in [inPlace, apart] {
      try net.forward()
      try net.backward()
    }
    #expect(inPlace.blob("b")!.array == apart.blob("b")!.array, "\(what): values")
    func compare(_ a: [Float], _ b: [Float], _ name: String) {
      let largest = b.map(abs).max() ?? 0
      let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-5 * largest, "\(what): \(name) differs by \(difference) of \(largest)")
    }
    compare(inPlace.blob("x")!.diffArray, apart.blob("x")!.diffArray, "x")
    for (a, b) in zip(inPlace.parameters, apart.parameters) {
      compare(a.blob.diffArray, b.blob.diffArray, "\(a.displayName) of layer \(a.layer)")
    }
  }
}
