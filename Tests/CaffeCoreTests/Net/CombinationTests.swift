import Caffe
import CaffeTesting
import Testing

/// Combinations of layers, passes and looks that were wrong once.
@Suite struct `A combination of layers` {
  private static func net(_ layers: String, phase: Phase = .train, log: KeptLog = KeptLog()) throws -> Net {
    try Net(
      NetDefinition(text: layers, file: "net.prototxt"), phase: phase,
      in: .standard(seed: 1, logger: log.logger))
  }

  private static func input(_ name: String, _ dimensions: Int...) -> String {
    let shape = dimensions.map { "dim: \($0)" }.joined(separator: " ")
    return #"layer { name: "\#(name)" type: "Input" top: "\#(name)" input_param { shape { \#(shape) } } }"# + "\n"
  }

  @Test func `is computed as before after shapes that one of its layers refuses`() throws {
    let net = try Self.net(
      Self.input("c", 1, 2, 3) + Self.input("g", 1, 2, 12) + Self.input("cont", 1, 2)
        + #"layer { name: "u" type: "LSTMUnit" bottom: "c" bottom: "g" bottom: "cont" top: "c2" top: "h" }"#)
    for (name, count) in [("c", 6), ("g", 24), ("cont", 2)] {
      net.blob(name)!.array = (0..<count).map { Float($0 % 5) / 4 }
    }
    try net.forward()
    let expected = net.blob("h")!.array
    net.blob("c")!.reshape(to: [1, 7, 30])
    #expect(throws: NetError.self) { try net.reshape() }
    net.blob("c")!.reshape(to: [1, 2, 3])
    net.blob("c")!.array = (0..<6).map { Float($0 % 5) / 4 }
    try net.forward()
    #expect(net.blob("h")!.array == expected)
  }

  @Test(arguments: [Phase.train, .test])
  func `counts the loss weight of a convolution`(phase: Phase) throws {
    let net = try Self.net(
      Self.input("x", 1, 1, 3, 3)
        + """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" loss_weight: 2
          convolution_param { kernel_size: 3 num_output: 1 weight_filler { value: 1 } } }
        """, phase: phase)
    net.blob("x")!.array = Array(repeating: 1, count: 9)
    #expect(try net.forward() == 18)
  }

  @Test func `normalises axis 1, wherever a convolution before it has its channels`() throws {
    let text =
      Self.input("x", 1, 2, 1)
        + """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c"
          convolution_param { axis: 0 kernel_size: 1 num_output: 1 weight_filler { value: 1 } } }
        layer { name: "s" type: "Scale" bottom: "c" top: "y" }
        """
    let net = try Self.net(text, phase: .test)
    net.blob("x")!.array = [-5, 7]
    net.layer("s")!.layer.parameters[0].array = [2, 3]
    try net.forward()
    #expect(net.blob("y")!.array == [-10, 21])
  }

  @Test func `has the right gradients after a planned pass`() throws {
    let text =
      "force_backward: true\n" + Self.input("x", 2, 3, 4, 4)
        + """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c"
          convolution_param { kernel_size: 1 num_output: 16 weight_filler { type: "xavier" } } }
        layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" }
        layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { filler { value: 3 } } }
        layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
        layer { name: "l" type: "Reduction" bottom: "c" top: "l" loss_weight: 1 }
        """
    let planned = try Self.net(text, phase: .test)
    let plain = try Self.net(text, phase: .test)
    for net in [planned, plain] {
      net.blob("x")!.array = (0..<96).map { Float($0 % 7) - 3 }
      net.layer("b")!.layer.parameters[1].array = Array(repeating: 2, count: 16)
      net.layer("b")!.layer.parameters[2].array = [1]
    }
    plain.beforeForward.append { _ in }
    for net in [planned, plain] {
      try net.forward()
      try net.backward()
    }
    for (a, b) in zip(planned.parameters, plain.parameters) {
      let difference = zip(a.blob.diffArray, b.blob.diffArray).map { abs($0 - $1) }.max() ?? 0
      #expect(difference < 1e-3, "\(a.displayName) of layer \(a.layer)")
    }
  }

  @Test func `weighs a top in place in every pass`() throws {
    let net = try Self.net(
      "force_backward: true\n" + Self.input("x", 1, 2)
        + """
        layer { name: "i" type: "InnerProduct" bottom: "x" top: "i"
          inner_product_param { num_output: 2 weight_filler { value: 0.5 } } }
        layer { name: "s" type: "Sigmoid" bottom: "i" top: "i" loss_weight: 3 }
        """)
    var gradients: [[Float]] = []
    for _ in 0..<3 {
      net.blob("x")!.array = [1, 2]
      net.clearParameterDiffs()
      try net.forward()
      try net.backward()
      gradients.append(net.parameters[0].blob.diffArray)
    }
    #expect(gradients[1] == gradients[0] && gradients[2] == gradients[0])
    #expect(gradients[0][0] != 0)
  }

  @Test func `learns from a loss that another layer reads`() throws {
    for reader in [#"type: "ReLU" bottom: "l" top: "r""#, #"type: "Silence" bottom: "l""#] {
      for forced in ["", "force_backward: true\n"] {
        let net = try Self.net(
          forced + Self.input("x", 1, 2) + Self.input("y", 1, 1)
            + """
            layer { name: "i" type: "InnerProduct" bottom: "x" top: "i"
              inner_product_param { num_output: 1 weight_filler { value: 0.5 } } }
            layer { name: "l" type: "EuclideanLoss" bottom: "i" bottom: "y" top: "l" }
            layer { name: "r" \(reader) }
            """)
        net.blob("x")!.array = [1, 2]
        try net.forward()
        try net.backward()
        #expect(net.parameters[0].blob.diffArray == [1.5, 3], "\(forced)\(reader)")
      }
    }
  }

  @Test(arguments: ["Flatten", "Reshape", "Concat", "Slice", "Power"])
  func `sends no gradient down where propagate_down is false`(type: String) throws {
    let net = try Self.net(
      Self.input("x", 1, 2)
        + """
        layer { name: "i" type: "InnerProduct" bottom: "x" top: "i"
          inner_product_param { num_output: 1 weight_filler { value: 0.5 } } }
        layer { name: "a" type: "Reduction" bottom: "i" top: "a" loss_weight: 1 }
        layer { name: "v" type: "\(type)" bottom: "i" top: "v" propagate_down: false reshape_param { shape { dim: 1 dim: 1 } } }
        layer { name: "b" type: "Reduction" bottom: "v" top: "b" loss_weight: 100 }
        """)
    net.blob("x")!.array = [1, 2]
    for _ in 0..<2 {
      net.clearParameterDiffs()
      try net.forward()
      try net.backward()
      #expect(net.parameters[0].blob.diffArray == [1, 2])
    }
  }

  @Test(arguments: ["Flatten", "Concat", "Power"])
  func `sends a gradient down all the same where the net forces it`(type: String) throws {
    let net = try Self.net(
      "force_backward: true\n" + Self.input("x", 1, 2)
        + """
        layer { name: "v" type: "\(type)" bottom: "x" top: "v" propagate_down: false }
        layer { name: "r" type: "Reduction" bottom: "v" top: "r" loss_weight: 3 }
        """)
    try net.forward()
    try net.backward()
    #expect(net.blob("x")!.diffArray == [3, 3])
  }

  @Test func `takes what is written through views before a look at a value that was left out`() throws {
    let net = try Self.net(
      Self.input("x", 1, 1, 3, 3)
        + """
        layer { name: "d" type: "Deconvolution" bottom: "x" top: "d"
          convolution_param { kernel_size: 3 num_output: 8 weight_filler { value: 1 } } }
        layer { name: "c" type: "Convolution" bottom: "d" top: "c"
          convolution_param { kernel_size: 5 num_output: 1 weight_filler { value: 1 } } }
        """, phase: .test)
    let x = net.blob("x")!.data
    x.pin()
    defer { x.unpin() }
    let view = UnsafeMutableBufferPointer(start: x.lastingMemory.pointer, count: 9)
    view.update(repeating: 1)
    try net.forward()
    #expect(net.blob("c")!.array == [648])
    _ = net.blob("d")!.array
    view.update(repeating: 2)
    _ = net.blob("d")!.array
    try net.forward()
    #expect(net.blob("c")!.array == [1296] && view.allSatisfy { $0 == 2 })
  }

  @Test func `survives a look at a value that was left out of a pass over another shape`() throws {
    let log = KeptLog()
    let net = try Self.net(
      Self.input("x", 1, 3, 8, 8)
        + """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { kernel_size: 3 num_output: 16 } }
        layer { name: "r" type: "ReLU" bottom: "c" top: "r" }
        layer { name: "e" type: "Convolution" bottom: "r" top: "e" convolution_param { kernel_size: 3 num_output: 16 } }
        """, phase: .test, log: log)
    try net.forward()
    net.blob("x")!.reshape(to: [1, 3, 6, 6])
    _ = net.blob("c")!.array
    try net.forward()
    #expect(net.blob("e")!.shape == [1, 16, 2, 2])
  }

  @Test func `moves statistics on once a pass, whoever looks`() throws {
    let net = try Self.net(
      Self.input("x", 2, 3, 8, 8)
        + """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { kernel_size: 3 num_output: 16 } }
        layer { name: "r" type: "ReLU" bottom: "c" top: "r" }
        layer { name: "b" type: "BatchNorm" bottom: "r" top: "b" batch_norm_param { use_global_stats: false } }
        """, phase: .test)
    try net.forward()
    _ = net.blob("c")!.array
    #expect(net.layer("b")!.layer.parameters[2].array == [1])
  }

  @Test func `shows shared parameters in the first pass`() throws {
    let text = """
      layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 } } }
      layer { name: "r" type: "Reshape" bottom: "p" top: "r" reshape_param { shape { dim: 1 dim: 2 } } }
      layer { name: "q" type: "Power" bottom: "r" top: "q" power_param { scale: 2 } }
      """
    let (owner, net) = (try Self.net(text), try Self.net(text, phase: .test))
    try net.shareWeights(with: owner)
    owner.parameters[0].blob.array = [7, 8]
    try net.forward()
    #expect(net.blob("q")!.array == [14, 16])
  }
}
