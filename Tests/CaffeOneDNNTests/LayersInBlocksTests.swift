import Caffe
import Testing

/// Layers between convolutions, where values arrive in oneDNN's blocks of channels, against the same nets on the reference
/// engine.
@Suite struct `Layers between convolutions` {
  /// Each turns `a` into `b`; `a2` is a second blob like `a`.
  static let layers: [(name: String, text: String)] = [
    ("Scale", #"type: "Scale" bottom: "a" top: "b" scale_param { filler { type: "gaussian" std: 1 } }"#),
    (
      "Scale with a bias, in place",
      #"type: "Scale" bottom: "a" top: "a" scale_param { filler { type: "gaussian" std: 1 } bias_term: true bias_filler { value: 0.5 } }"#
    ),
    ("Scale of one number", #"type: "Scale" bottom: "a" top: "b" scale_param { num_axes: 0 filler { value: 1.5 } }"#),
    ("Bias", #"type: "Bias" bottom: "a" top: "b" bias_param { filler { type: "gaussian" std: 1 } }"#),
    ("Bias in place", #"type: "Bias" bottom: "a" top: "a" bias_param { filler { type: "gaussian" std: 1 } }"#),
    ("BatchNorm", #"type: "BatchNorm" bottom: "a" top: "b""#),
    ("BatchNorm in place", #"type: "BatchNorm" bottom: "a" top: "a""#),
    (
      "BatchNorm with stored statistics",
      #"type: "BatchNorm" bottom: "a" top: "b" batch_norm_param { use_global_stats: true eps: 0.5 }"#
    ),
    ("PReLU", #"type: "PReLU" bottom: "a" top: "b""#),
    ("PReLU in place", #"type: "PReLU" bottom: "a" top: "a""#),
    ("PReLU of one slope", #"type: "PReLU" bottom: "a" top: "b" prelu_param { channel_shared: true }"#),
    ("LRN", #"type: "LRN" bottom: "a" top: "b" lrn_param { alpha: 0.7 }"#),
    ("LRN in place", #"type: "LRN" bottom: "a" top: "a" lrn_param { alpha: 0.7 }"#),
    ("LRN of three channels", #"type: "LRN" bottom: "a" top: "b" lrn_param { local_size: 3 beta: 0.5 k: 2 }"#),
    (
      "LRN within a channel",
      #"type: "LRN" bottom: "a" top: "b" lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"#
    ),
    ("Eltwise PROD", #"type: "Eltwise" bottom: "a" bottom: "a2" top: "b" eltwise_param { operation: PROD }"#),
    ("Eltwise MAX", #"type: "Eltwise" bottom: "a" bottom: "a2" top: "b" eltwise_param { operation: MAX }"#),
    ("Eltwise SUM", #"type: "Eltwise" bottom: "a" bottom: "a2" top: "b" eltwise_param { coeff: 2 coeff: -3 }"#),
    ("Concat", #"type: "Concat" bottom: "a" bottom: "a2" top: "b""#),
    ("Concat of images", #"type: "Concat" bottom: "a" bottom: "a2" top: "b" concat_param { axis: 0 }"#),
    ("Concat of rows", #"type: "Concat" bottom: "a" bottom: "a2" top: "b" concat_param { axis: 2 }"#),
    ("Slice", #"type: "Slice" bottom: "a" top: "b" top: "c" slice_param { slice_point: 16 }"#),
    ("Slice of images", #"type: "Slice" bottom: "a" top: "b" top: "c" slice_param { axis: 0 }"#),
    ("Dropout", #"type: "Dropout" bottom: "a" top: "b""#),
    ("AbsVal", #"type: "AbsVal" bottom: "a" top: "b""#),
    ("BNLL in place", #"type: "BNLL" bottom: "a" top: "a""#),
    ("Clip", #"type: "Clip" bottom: "a" top: "b" clip_param { min: -0.3 max: 0.4 }"#),
    ("ELU", #"type: "ELU" bottom: "a" top: "b""#),
    ("Exp", #"type: "Exp" bottom: "a" top: "b""#),
    ("Power in place", #"type: "Power" bottom: "a" top: "a" power_param { power: 2 scale: 3 shift: 1 }"#),
    ("ReLU in place", #"type: "ReLU" bottom: "a" top: "a" relu_param { negative_slope: 0.2 }"#),
    ("ReLU with a negative slope", #"type: "ReLU" bottom: "a" top: "b" relu_param { negative_slope: -0.2 }"#),
    ("Sigmoid", #"type: "Sigmoid" bottom: "a" top: "b""#),
    ("Swish", #"type: "Swish" bottom: "a" top: "b""#),
    ("TanH", #"type: "TanH" bottom: "a" top: "b""#),
    ("MVN", #"type: "MVN" bottom: "a" top: "b""#),
    ("Softmax", #"type: "Softmax" bottom: "a" top: "b""#),
    (
      "Deconvolution",
      #"type: "Deconvolution" bottom: "a" top: "b" convolution_param { num_output: 16 kernel_size: 2 stride: 2 weight_filler { type: "xavier" } bias_filler { value: 0.3 } }"#
    ),
    ("Pooling", #"type: "Pooling" bottom: "a" top: "b" pooling_param { kernel_size: 3 stride: 2 }"#),
    ("Crop", #"type: "Crop" bottom: "a" bottom: "small" top: "b" crop_param { offset: 1 }"#),
    ("Flatten", #"type: "Flatten" bottom: "a" top: "b""#),
    ("Reshape", #"type: "Reshape" bottom: "a" top: "b" reshape_param { shape { dim: 0 dim: -1 dim: 2 dim: 7 } }"#),
    ("Tile", #"type: "Tile" bottom: "a" top: "b" tile_param { tiles: 2 }"#),
    ("Reduction", #"type: "Reduction" bottom: "a" top: "b" reduction_param { axis: 2 operation: SUMSQ }"#),
  ]

  /// Channels in whole blocks of 16, of 8, and in a last block that has to be filled up.
  @Test(arguments: layers.map(\.name), [32, 24, 20])
  func `compute as the reference does`(name: String, channels: Int) throws {
    let text = try #require(Self.layers.first { $0.name == name }).text
    let fast = try Self.net(text, channels: channels, OneDNNEngine())
    let plain = try Self.net(text, channels: channels, ReferenceEngine())
    for pass in 0..<2 {
      for net in [fast, plain] {
        for input in ["x", "small"] {
          guard let blob = net.blob(input) else { continue }
          var random = Random(seed: UInt64(pass + 1))
          let values = blob.data.uninitializedValues
          for i in values.indices { values[i] = random.uniform(-1, 1) }
        }
        _ = try net.forward()
        try net.backward()
      }
      for (index, blobName) in plain.blobNames.enumerated() {
        expectClose(fast.blobs[index].data, plain.blobs[index].data, tolerance: 2e-4, "\(blobName)")
      }
      for (index, parameter) in plain.parameters.enumerated() {
        expectClose(
          fast.parameters[index].blob.diff, parameter.blob.diff, tolerance: 5e-4, "gradient of \(parameter.displayName)"
        )
        expectClose(fast.parameters[index].blob.data, parameter.blob.data, "value of \(parameter.displayName)")
      }
    }
    if let x = fast.blob("x"), let expected = plain.blob("x") {
      expectClose(x.diff, expected.diff, tolerance: 5e-4, "gradient of x")
    }
  }

  @Test(
    arguments: [
      "Scale", "Scale with a bias, in place", "Bias", "BatchNorm", "BatchNorm in place", "PReLU", "PReLU in place",
      "LRN",
      "Eltwise PROD", "Eltwise SUM", "Concat", "Concat of images", "Slice", "Slice of images", "AbsVal", "Clip", "ELU",
      "Power in place", "ReLU in place", "Sigmoid", "Swish", "Pooling",
    ])
  func `leave the values in blocks`(name: String) throws {
    let text = try #require(Self.layers.first { $0.name == name }).text
    let (fast, plain) = (OneDNNEngine(), OneDNNEngine())
    let net = try Self.net(text, channels: 32, fast)
    let bare = try Self.net(#"type: "ReLU" bottom: "a" top: "b""#, channels: 32, plain)
    let (withLayer, without) = (try Self.conversions(net, fast), try Self.conversions(bare, plain))
    // Each loss reads and writes plain memory.
    let losses = name.hasPrefix("Slice") ? 2 : 1
    #expect(withLayer <= losses * without, "\(withLayer) conversions a pass, but \(without) without the layer")
  }

  /// How often values are converted in a pass, once all is prepared.
  private static func conversions(_ net: Net, _ engine: OneDNNEngine) throws -> Int {
    var before = 0
    for _ in 0..<3 {
      before = engine.reorderCount
      _ = try net.forward()
      try net.backward()
    }
    return engine.reorderCount - before
  }

  /// A convolution, the layer, and where its result still is an image, another convolution.
  private static func net(_ layer: String, channels: Int, _ engine: any Engine) throws -> Net {
    let isInPlace = layer.contains(#"top: "a""#)
    let result = isInPlace ? "a" : "b"
    let isImage = !["Flatten", "Reduction"].contains { layer.contains(#"type: "\#($0)""#) }
    func convolution(_ name: String, _ bottom: String, _ top: String, _ count: Int) -> String {
      """
      layer {
        name: "\(name)" type: "Convolution" bottom: "\(bottom)" top: "\(top)"
        convolution_param { num_output: \(count) kernel_size: 1 weight_filler { type: "xavier" } bias_filler { value: 0.1 } }
      }

      """
    }
    var text =
      #"force_backward: true layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 16 dim: 8 dim: 7 } } }"#
      + "\n"
    if layer.contains("small") {
      text +=
        #"layer { name: "s" type: "Input" top: "small" input_param { shape { dim: 4 dim: 16 dim: 5 dim: 5 } } }"# + "\n"
    }
    text += convolution("first", "x", "a", channels)
    if layer.contains("a2") { text += convolution("second", "x", "a2", channels) }
    text += "layer { name: \"tested\" \(layer) }\n"
    for top in layer.contains(#"top: "c""#) ? [result, "c"] : [result] {
      if isImage { text += convolution("last \(top)", top, "y \(top)", 16) }
      text += """
        layer { name: "loss \(top)" type: "Reduction" bottom: "\(isImage ? "y \(top)" : top)" top: "loss \(top)"
          loss_weight: 0.01 reduction_param { operation: SUMSQ } }

        """
    }
    return try Net(
      NetDefinition(text: text, file: "net.prototxt"), phase: .train,
      in: NetEnvironment(registry: .standard, seed: 3, makeEngine: { engine }))
  }
}
