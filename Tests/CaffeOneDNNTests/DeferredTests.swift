import Caffe
import Testing

/// Normalisation, scale, rectifier and sum as formulas that enter into each other, against the same nets on the reference engine.
@Suite struct `Deferred values` {
  /// Residual blocks, with and without a projection of the shortcut, in place as in published nets.
  private static func residual(channels: Int) -> String {
    convolution("stem", "x", "stem", channels) + normalized("stem", rectified: true)
      + convolution("a", "stem", "a", channels) + normalized("a", rectified: true)
      + convolution("b", "a", "b", channels) + normalized("b", rectified: false)
      + convolution("p", "stem", "p", channels) + normalized("p", rectified: false)
      + layer("sum", "Eltwise", ["p", "b"], "sum") + layer("sum relu", "ReLU", ["sum"], "sum")
      + convolution("c", "sum", "c", channels) + normalized("c", rectified: false)
      + layer("sum2", "Eltwise", ["sum", "c"], "sum2") + layer("sum2 relu", "ReLU", ["sum2"], "sum2")
      + layer("loss", "Reduction", ["sum2"], "loss", "loss_weight: 0.01 reduction_param { operation: SUMSQ }")
  }

  /// The same layers with tops of their own, values that several layers use, and sums of more than two.
  private static func branched(channels: Int) -> String {
    convolution("a", "x", "a", channels)
      + layer("a bn", "BatchNorm", ["a"], "a bn") + layer("a relu", "ReLU", ["a bn"], "a relu")
      + layer("a scale", "Scale", ["a relu"], "a scale", "scale_param { filler { type: \"gaussian\" std: 1 } }")
      + layer("plain relu", "ReLU", ["a"], "plain relu")
      + layer("sum", "Eltwise", ["a", "a bn", "a relu", "a scale"], "sum")
      + layer(
        "scaled", "Scale", ["sum"], "scaled", "scale_param { filler { type: \"gaussian\" std: 1 } bias_term: true }")
      + layer("scaled again", "Scale", ["scaled"], "scaled", "scale_param { filler { value: -1.5 } bias_term: true }")
      + layer(
        "sum3", "Eltwise", ["scaled", "plain relu", "sum"], "sum3", "eltwise_param { coeff: 1 coeff: 1 coeff: 0.5 }")
      + convolution("last", "sum3", "last", channels) + layer("last bn", "BatchNorm", ["last"], "last")
      + layer("loss", "Reduction", ["last"], "loss", "loss_weight: 0.01 reduction_param { operation: ASUM }")
  }

  @Test(arguments: [true, false], [32, 24, 20])
  func `agree with values that are computed at once`(isResidual: Bool, channels: Int) throws {
    let text = isResidual ? Self.residual(channels: channels) : Self.branched(channels: channels)
    let fast = try Self.net(text, OneDNNEngine())
    let plain = try Self.net(text, ReferenceEngine())
    for pass in 0..<3 {
      for net in [fast, plain] { try Self.run(net, pass) }
      for (index, name) in plain.blobNames.enumerated() {
        expectClose(fast.blobs[index].data, plain.blobs[index].data, tolerance: 3e-4, "\(name)")
        expectClose(fast.blobs[index].diff, plain.blobs[index].diff, tolerance: 2e-3, "gradient of \(name)")
      }
      for (index, parameter) in plain.parameters.enumerated() {
        let name = "\(plain.layers[parameter.layer].name) \(parameter.displayName)"
        expectClose(fast.parameters[index].blob.diff, parameter.blob.diff, tolerance: 2e-3, "gradient of \(name)")
        expectClose(fast.parameters[index].blob.data, parameter.blob.data, tolerance: 1e-4, "value of \(name)")
      }
    }
  }

  @Test(arguments: [true, false])
  func `change by no more than rounding when somebody looks at them on the way`(isResidual: Bool) throws {
    let text = isResidual ? Self.residual(channels: 32) : Self.branched(channels: 32)
    let (watched, unwatched) = (try Self.net(text, OneDNNEngine()), try Self.net(text, OneDNNEngine()))
    func look() { for blob in watched.blobs { _ = (blob.data.values.first, blob.diff.values.first) } }
    watched.afterForward.append { _ in look() }
    watched.afterBackward.append { _ in look() }
    for pass in 0..<3 {
      for net in [watched, unwatched] { try Self.run(net, pass) }
      for (index, name) in watched.blobNames.enumerated() {
        expectClose(
          watched.blobs[index].data, unwatched.blobs[index].data, tolerance: 1e-5, "\(name)")
      }
      for (a, b) in zip(watched.parameters, unwatched.parameters) {
        expectClose(a.blob.diff, b.blob.diff, tolerance: 1e-4, "gradient of \(a.displayName)")
      }
    }
  }

  @Test func `are overwritten by what plain code writes`() throws {
    let net = try Self.net(Self.residual(channels: 32), OneDNNEngine())
    try Self.run(net, 0)
    let sum = try #require(net.blob("b"))
    let before = sum.data.array
    sum.data.mutableValues[7] += 1
    #expect(sum.data.values[7] == before[7] + 1)
    #expect(sum.data.values[8] == before[8])
  }

  private static func run(_ net: Net, _ pass: Int) throws {
    var random = Random(seed: UInt64(pass + 1))
    let values = net.blobs[0].data.uninitializedValues
    for i in values.indices { values[i] = random.uniform(-1, 1) }
    net.clearParameterDiffs()
    _ = try net.forward()
    try net.backward()
  }

  private static func net(_ text: String, _ engine: any Engine) throws -> Net {
    let input = layer("x", "Input", [], "x", "input_param { shape { dim: 3 dim: 16 dim: 9 dim: 7 } }")
    return try Net(
      NetDefinition(text: "force_backward: true\n" + input + text, file: "net.prototxt"), phase: .train,
      in: NetEnvironment(registry: .standard, seed: 3, makeEngine: { engine }))
  }

  private static func convolution(_ name: String, _ bottom: String, _ top: String, _ channels: Int) -> String {
    let parameter =
      "num_output: \(channels) kernel_size: 3 pad: 1 weight_filler { type: \"xavier\" } bias_filler { value: 0.1 }"
    return layer(name, "Convolution", [bottom], top, "convolution_param { \(parameter) }")
  }

  private static func normalized(_ blob: String, rectified: Bool) -> String {
    let scale =
      "scale_param { filler { type: \"uniform\" min: 0.5 max: 1.5 } bias_term: true bias_filler { value: 0.2 } }"
    return layer("\(blob) bn", "BatchNorm", [blob], blob) + layer("\(blob) scale", "Scale", [blob], blob, scale)
      + (rectified ? layer("\(blob) relu", "ReLU", [blob], blob) : "")
  }
}
