import Caffe
import CaffeTesting
import Testing

/// Each mistake that the original ends a run for is an error here: with the place, the layer, what it was given, and the
/// words that users know.
@Suite struct `A wrong parameter` {
  @Test(arguments: Mistake.inLayers)
  func `of a layer is refused with place, layer, shapes and words`(mistake: Mistake) {
    let text = mistake.refusal
    #expect(
      text.hasPrefix("bad.prototxt:\(mistake.inputs.count + 1):1: error: layer 'bad' (\(mistake.type)): "), "\(text)")
    #expect(text.contains(mistake.words), "\(text)")
    for (index, shape) in mistake.inputs.enumerated() {
      let dimensions = mistake.later.map { index == 0 ? $0 : shape } ?? shape
      #expect(text.contains("\n  bottom[\(index)]: \(Shape(dimensions))"), "\(text)")
    }
  }

  @Test(arguments: MistakeInNet.all)
  func `of a net is refused with place, layer and words`(mistake: MistakeInNet) {
    let text = refusal {
      let definition = try NetDefinition(text: mistake.text, file: "bad.prototxt")
      _ = try Net(definition, phase: .train, in: NetEnvironment(registry: .standard, logger: KeptLog().logger))
    }
    #expect(text.hasPrefix("bad.prototxt:\(mistake.line):1: error: layer '\(mistake.layer)'"), "\(text)")
    #expect(text.contains(mistake.words), "\(text)")
  }
}

/// A layer that something is wrong with.
struct Mistake: CustomTestStringConvertible, Sendable {
  enum Stage { case setUp, forward, backward }

  let type: String
  /// The shapes of the bottoms.
  let inputs: [[Int]]
  let settings: String
  let words: String
  var tops = 1
  /// Whether the top is the first bottom.
  var isInPlace = false
  var stage = Stage.setUp
  /// The value of all elements of the last bottom.
  var value: Float = 0
  /// The shape that the first bottom takes on after set-up.
  var later: [Int]?

  init(
    _ type: String, _ inputs: [[Int]], _ settings: String = "", tops: Int = 1, isInPlace: Bool = false,
    at stage: Stage = .setUp, value: Float = 0, later: [Int]? = nil, says words: String
  ) {
    self.type = type
    self.inputs = inputs
    self.settings = settings
    self.words = words
    self.tops = tops
    self.isInPlace = isInPlace
    self.stage = stage
    self.value = value
    self.later = later
  }

  var testDescription: String { "\(type) \(inputs) \(settings): \(words)" }

  private var prototxt: String {
    var lines = inputs.enumerated().map { index, shape in
      let dimensions = shape.map { "dim: \($0)" }.joined(separator: " ")
      return "layer { name: 'in\(index)' type: 'Input' top: 'x\(index)' input_param { shape { \(dimensions) } } }"
    }
    let bottoms = inputs.indices.map { "bottom: 'x\($0)'" }.joined(separator: " ")
    let names = isInPlace ? "top: 'x0'" : (0..<tops).map { "top: 'y\($0)'" }.joined(separator: " ")
    lines.append("layer { name: 'bad' type: '\(type)' \(bottoms) \(names) \(settings) }")
    if stage == .backward { lines.append("force_backward: true") }
    return lines.joined(separator: "\n")
  }

  /// What is said about it.
  var refusal: String {
    CaffeLayersTests.refusal {
      let net = try Net(
        NetDefinition(text: prototxt, file: "bad.prototxt"), phase: .train,
        in: NetEnvironment(registry: .standard, logger: KeptLog().logger))
      guard stage != .setUp else { return }
      if let later { net.blobs[0].reshape(to: Shape(later)) }
      net.blobs[inputs.count - 1].data.mutableValues.update(repeating: value)
      try net.forward()
      if stage == .backward { try net.backward() }
    }
  }
}

extension Mistake {
  /// Every condition under which a layer of the original refuses its definition or its input.
  static let inLayers: [Mistake] =
    counts + general + fillers + vision + common + recurrent + normalization + neurons + rearranging + losses + data

  private static let counts: [Mistake] = [
    Mistake("ReLU", [[2], [2]], says: "ReLU Layer takes 1 bottom blob(s) as input."),
    Mistake("ReLU", [[2]], tops: 2, says: "ReLU Layer produces 1 top blob(s) as output."),
    Mistake("ReLU", [], says: "ReLU Layer takes 1 bottom blob(s) as input."),
    Mistake("Eltwise", [[2]], says: "Eltwise Layer takes at least 2 bottom blob(s) as input."),
    Mistake("Bias", [[2], [2], [2]], says: "Bias Layer takes at most 2 bottom blob(s) as input."),
    Mistake("Accuracy", [[2, 3], [2]], tops: 3, says: "Accuracy Layer produces at most 2 top blob(s) as output."),
    Mistake("Slice", [[2, 3]], tops: 0, says: "Slice Layer produces at least 1 top blob(s) as output."),
    Mistake(
      "Convolution", [[2, 3, 4, 4]], "convolution_param { num_output: 1 kernel_size: 1 }", tops: 2,
      says: "Convolution Layer produces one top blob as output for each bottom blob input."),
    Mistake(
      "LSTM", [[2, 1, 3]], "recurrent_param { num_output: 2 }",
      says: "LSTM Layer takes at least 2 bottom blob(s) as input."),
    Mistake(
      "Pooling", [[1, 1, 4, 4]], "pooling_param { pool: AVE kernel_size: 2 }", tops: 2,
      says: "Pooling Layer produces at most 1 top blob(s) as output."),
  ]

  private static let general: [Mistake] = [
    Mistake(
      "Softmax", [[2, 3]], "softmax_param { axis: 2 }", says: "axis 2 out of range for 2-D Blob with shape 2 3 (6)"),
    Mistake(
      "Softmax", [[2, 3]], "softmax_param { axis: -3 }", says: "axis -3 out of range for 2-D Blob with shape 2 3 (6)"),
    Mistake(
      "ReLU", [[2]], "loss_weight: 1 loss_weight: 1",
      says: "loss_weight must be unspecified or specified once per top blob."),
    Mistake(
      "ReLU", [[2]], "propagate_down: true propagate_down: true",
      says: "propagate_down param must be specified either 0 or bottom_size times"),
    Mistake("ReLU", [[2]], "param { lr_mult: 1 }", says: "Too many params specified for layer bad"),
    Mistake("Nonsense", [[2]], says: "Unknown layer type: Nonsense (known types: AbsVal, Accuracy, ArgMax, "),
    Mistake("Tile", [[2, 65536]], "tile_param { tiles: 65536 }", says: "blob size exceeds INT_MAX"),
    Mistake(
      "Reshape", [[1]], "reshape_param { shape { \((0..<33).map { _ in "dim: 1" }.joined(separator: " ")) } }",
      says: "a blob has at most 32 axes"),
  ]

  private static let fillers: [Mistake] = [
    ip("weight_filler { type: 'odd' }", says: "Unknown filler name: odd"),
    ip("weight_filler { type: 'xavier' sparse: 3 }", says: "Sparsity not supported by this Filler."),
    ip("weight_filler { type: 'bilinear' }", says: "the bilinear filler needs a 4-D blob with a square kernel"),
    Mistake(
      "InnerProduct", [[2, 0]], "inner_product_param { num_output: 2 }", says: "a filler cannot fill an empty blob"),
  ]

  private static func ip(_ settings: String, says words: String) -> Mistake {
    Mistake("InnerProduct", [[2, 3]], "inner_product_param { num_output: 4 \(settings) }", says: words)
  }

  private static func convolution(
    _ settings: String, _ inputs: [[Int]] = [[2, 4, 5, 5]], later: [Int]? = nil, tops: Int = 1,
    type: String = "Convolution", says words: String
  ) -> Mistake {
    Mistake(
      type, inputs, "convolution_param { \(settings) }", tops: tops, at: later == nil ? .setUp : .forward, later: later,
      says: words)
  }

  private static func pooling(
    _ settings: String, _ input: [Int] = [1, 2, 5, 5], says words: String
  ) -> Mistake { Mistake("Pooling", [input], "pooling_param { \(settings) }", says: words) }

  private static let vision: [Mistake] = convolutions + windows + pictures

  private static let convolutions: [Mistake] = ["Convolution", "Deconvolution"].flatMap { type -> [Mistake] in
    [
      convolution("kernel_size: 3", type: type, says: "num_output > 0"),
      convolution(
        "num_output: 3 kernel_size: 3 group: 2", type: type, says: "Number of output should be multiples of group."),
      convolution("num_output: 3 kernel_size: 3 group: 3", type: type, says: "channels % group == 0"),
      convolution(
        "num_output: 2 kernel_size: 1", later: [2, 3, 5, 5], type: type,
        says: "Input size incompatible with convolution kernel."),
      convolution(
        "num_output: 2 kernel_size: 1", later: [2, 4, 5], type: type, says: "bottom num_axes may not change."),
      convolution(
        "num_output: 2 kernel_size: 1", [[2, 4, 5, 5], [2, 4, 5, 6]], tops: 2, type: type,
        says: "shape mismatch - bottom[0]: 2 4 5 5 (200) vs. bottom[1]: 2 4 5 6 (240)"),
      Mistake(
        type, [[2, 4, 5, 5]],
        "convolution_param { num_output: 4 kernel_size: 1 } blobs { shape { dim: 4 dim: 3 dim: 1 dim: 1 } }",
        says: "Incorrect weight shape: expected shape 4 4 1 1 (16); instead, shape was 4 3 1 1 (12)"),
    ]
  }

  private static let windows: [Mistake] = ["Convolution", "Deconvolution", "Im2col"].flatMap { type -> [Mistake] in
    let outputs = type == "Im2col" ? "" : "num_output: 2 "
    return [
      convolution(
        outputs, type: type,
        says:
          "kernel_size must be specified once, or once per spatial dimension (kernel_size specified 0 times; 2 spatial dims)."
      ),
      convolution(
        outputs + "kernel_size: 3 stride: 1 stride: 1 stride: 1", type: type,
        says: "stride must be specified once, or once per spatial dimension (stride specified 3 times; 2 spatial dims)."
      ),
      convolution(
        outputs + "kernel_size: 3 pad: 1 pad: 1 pad: 1", type: type,
        says: "pad must be specified once, or once per spatial"),
      convolution(
        outputs + "kernel_size: 3 dilation: 1 dilation: 1 dilation: 1", type: type,
        says: "dilation must be specified once, or once per spatial"),
      convolution(
        outputs + "kernel_size: 3 kernel_h: 2 kernel_w: 2", type: type,
        says: "Either kernel_size or kernel_h/w should be specified; not both."),
      convolution(
        outputs + "kernel_size: 3 stride: 1 stride_h: 2 stride_w: 2", type: type,
        says: "Either stride or stride_h/w should be specified; not both."),
      convolution(
        outputs + "kernel_size: 3 pad: 1 pad_h: 2 pad_w: 2", type: type,
        says: "Either pad or pad_h/w should be specified; not both."),
      convolution(
        outputs + "kernel_h: 2 kernel_w: 2", [[2, 4, 5]], type: type,
        says: "kernel_h & kernel_w can only be used for 2D convolution."),
      convolution(
        outputs + "kernel_size: 2 stride_h: 2 stride_w: 2", [[2, 4, 5]], type: type,
        says: "stride_h & stride_w can only be used for 2D convolution."),
      convolution(
        outputs + "kernel_size: 2 pad_h: 1 pad_w: 1", [[2, 4, 5]], type: type,
        says: "pad_h & pad_w can only be used for 2D convolution."),
      convolution(outputs + "kernel_size: 0", type: type, says: "Filter dimensions must be nonzero."),
      convolution(outputs + "kernel_size: 2 stride: 0", type: type, says: "Stride dimensions must be nonzero."),
    ]
  }

  private static let pictures: [Mistake] = [
    convolution("num_output: 2 kernel_size: 6", says: "the kernel covers 6 values along spatial axis 0"),
    convolution("kernel_size: 1", [[2, 4]], type: "Im2col", says: "there are no spatial axes behind the channels"),
    pooling("", says: "Filter size is kernel_size OR kernel_h and kernel_w; not both"),
    pooling(
      "kernel_size: 2 kernel_h: 2 kernel_w: 2", says: "Filter size is kernel_size OR kernel_h and kernel_w; not both"),
    pooling("kernel_h: 2", says: "Filter size is kernel_size OR kernel_h and kernel_w; not both"),
    pooling("kernel_size: 2 pad: 1 pad_h: 1 pad_w: 1", says: "pad is pad OR pad_h and pad_w are required."),
    pooling("kernel_size: 2 pad_h: 1", says: "pad is pad OR pad_h and pad_w are required."),
    pooling(
      "kernel_size: 2 stride: 1 stride_h: 1 stride_w: 1",
      says: "Stride is stride OR stride_h and stride_w are required."),
    pooling("kernel_size: 2 stride_w: 1", says: "Stride is stride OR stride_h and stride_w are required."),
    pooling("global_pooling: true kernel_size: 2", says: "With Global_pooling: true Filter size cannot specified"),
    pooling("global_pooling: true kernel_h: 2", says: "With Global_pooling: true Filter size cannot specified"),
    pooling("global_pooling: true pad: 1", says: "With Global_pooling: true; only pad = 0 and stride = 1"),
    pooling("global_pooling: true stride: 2", says: "With Global_pooling: true; only pad = 0 and stride = 1"),
    pooling("kernel_size: 0", says: "Filter dimensions cannot be zero."),
    pooling("kernel_size: 2 pad: 2", says: "pad_h < kernel_h"),
    pooling("kernel_h: 3 kernel_w: 2 pad_h: 1 pad_w: 2", says: "pad_w < kernel_w"),
    pooling("kernel_size: 2", [2, 3], says: "Input must have 4 axes, corresponding to (num, channels, height, width)"),
    pooling("pool: STOCHASTIC kernel_size: 2", says: "Not Implemented Yet"),
    Mistake("SPP", [[1, 2, 5, 5]], "spp_param { }", says: "pyramid_height > 0"),
    Mistake(
      "SPP", [[1, 2, 5]], "spp_param { pyramid_height: 1 }",
      says: "Input must have 4 axes, corresponding to (num, channels, height, width)"),
    Mistake("SPP", [[1, 2, 2, 2]], "spp_param { pyramid_height: 3 }", says: "pad_h < kernel_h"),
    Mistake("SPP", [[1, 2, 0, 2]], "spp_param { pyramid_height: 1 }", says: "Input dimensions cannot be zero."),
    Mistake(
      "Crop", [[1, 2, 5, 5], [1, 2, 3, 3]], "crop_param { axis: 1 offset: 1 offset: 1 }",
      says: "number of offset values specified must be equal to the number of dimensions following axis."),
    Mistake(
      "Crop", [[1, 2, 5, 5], [1, 2, 4, 3]], "crop_param { offset: 2 }",
      says: "the crop for dimension 2 is out-of-bounds with size 4 and offset 2"),
  ]

  private static let common: [Mistake] = [
    Mistake("InnerProduct", [[2, 3]], says: "num_output > 0"),
    Mistake(
      "InnerProduct", [[2, 3]], "inner_product_param { num_output: 2 }", at: .forward, later: [2, 4],
      says: "Input size incompatible with inner product parameters."),
    Mistake("Embed", [[2]], "embed_param { input_dim: 3 }", says: "EmbedLayer num_output must be positive."),
    Mistake("Embed", [[2]], "embed_param { num_output: 3 }", says: "EmbedLayer input_dim must be positive."),
    Mistake(
      "Embed", [[2]], "embed_param { num_output: 3 input_dim: 3 }", at: .forward, value: 3,
      says: "the input 3.0 at index 0"),
    Mistake(
      "Embed", [[2]], "embed_param { num_output: 3 input_dim: 3 }", at: .forward, value: -1,
      says: "the input -1.0 at index 0"),
    backward(
      "Embed", [[2]], "embed_param { num_output: 3 input_dim: 3 }", says: "Can't backpropagate to EmbedLayer input."),
    Mistake("Dropout", [[2]], "dropout_param { dropout_ratio: 1.5 }", says: "dropout_ratio is 1.5"),
    Mistake("Dropout", [[2]], "dropout_param { dropout_ratio: -0.1 }", says: "dropout_ratio is -0.1"),
  ]

  /// A layer that is asked for the gradient of its last bottom.
  private static func backward(
    _ type: String, _ inputs: [[Int]], _ settings: String = "", tops: Int = 1, says words: String
  ) -> Mistake {
    let propagation = inputs.indices.map { "propagate_down: \($0 == inputs.count - 1)" }.joined(separator: " ")
    return Mistake(type, inputs, "\(settings) \(propagation) loss_weight: 1", tops: tops, at: .backward, says: words)
  }

  private static let recurrent: [Mistake] = ["LSTM", "RNN"].flatMap { type -> [Mistake] in
    let parameter = "recurrent_param { num_output: 2 }"
    return [
      Mistake(type, [[2, 1, 3], [2, 1]], says: "num_output must be positive"),
      Mistake(type, [[2], [2, 1]], parameter, says: "bottom[0] must have at least 2 axes"),
      Mistake(type, [[2, 1, 3], [2]], parameter, says: "bottom[1], the continuation indicators"),
      Mistake(type, [[2, 1, 3], [2, 2]], parameter, says: "bottom[1], the continuation indicators"),
      Mistake(
        type, [[2, 1, 3], [2, 1], [2, 4]], parameter, says: "bottom[2], the static input, must have 1 streams"),
      backward(
        type, [[2, 1, 3], [2, 1]], parameter, says: "\(type) Layer cannot backpropagate to sequence indicators."),
    ]
  }

  private static let normalization: [Mistake] = [
    Mistake(
      "BatchNorm", [[2, 3]], "param { lr_mult: 1 }",
      says: "Cannot configure batch normalization statistics as layer parameters."),
    Mistake("BatchNorm", [[7]], says: "axis 1 out of range for 1-D Blob with shape 7 (7)"),
    Mistake("LRN", [[1, 3, 4, 4]], "lrn_param { local_size: 4 }", says: "LRN only supports odd values for local_size"),
    Mistake("LRN", [[1, 3, 4]], says: "Input must have 4 axes, corresponding to (num, channels, height, width)"),
    Mistake("MVN", [[1, 2, 3, 4, 5]], says: "Cannot use legacy accessors on Blobs with > 4 axes."),
    Mistake("Scale", [[2, 3, 4]], "scale_param { num_axes: -2 }", says: "num_axes must be non-negative, or -1"),
    Mistake("Bias", [[2, 3, 4]], "bias_param { num_axes: -2 }", says: "num_axes must be non-negative, or -1"),
    Mistake(
      "Scale", [[2, 3, 4]], "scale_param { num_axes: 3 }",
      says: "scale blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis 1"),
    Mistake(
      "Bias", [[2, 3, 4]], "bias_param { num_axes: 3 }",
      says: "bias blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis 1"),
    Mistake(
      "Scale", [[2, 3, 4], [3, 4, 1]],
      says: "scale blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis 1"),
    Mistake("Scale", [[2, 3], [4]], says: "dimension mismatch between bottom[0]->shape(1) and scale->shape(0)"),
    Mistake("Bias", [[2, 3], [4]], says: "dimension mismatch between bottom[0]->shape(1) and bias->shape(0)"),
  ]

  private static let neurons: [Mistake] = [
    Mistake("AbsVal", [[2]], isInPlace: true, says: "AbsVal Layer does not allow in-place computation."),
    Mistake("Clip", [[2]], says: "clip_param needs both min and max"),
    Mistake("Exp", [[2]], "exp_param { base: 0 }", says: "base must be strictly positive."),
    Mistake("Exp", [[2]], "exp_param { base: -2 }", says: "base must be strictly positive."),
    Mistake("Log", [[2]], "log_param { base: 0 }", says: "base must be strictly positive."),
    Mistake("Log", [[2]], "log_param { base: 1 }", says: "Inf result: 1/log(base)"),
    Mistake("PReLU", [[2]], says: "Number of axes of bottom blob must be >=2."),
    Mistake("PReLU", [[1, 2, 1, 1, 1]], says: "Cannot use legacy accessors on Blobs with > 4 axes."),
    backward("Threshold", [[2]], says: "Not Implemented Yet"),
  ]

  private static let rearranging: [Mistake] = [
    Mistake("ArgMax", [[2, 3]], "argmax_param { top_k: 0 }", says: "top_k must not be less than 1."),
    Mistake(
      "ArgMax", [[2, 3]], "argmax_param { top_k: 4 }",
      says: "top_k must be less than or equal to the number of classes."),
    Mistake(
      "ArgMax", [[2, 3]], "argmax_param { top_k: 3 axis: 0 }",
      says: "top_k must be less than or equal to the dimension of the axis."),
    backward("ArgMax", [[2, 3]], says: "Not Implemented Yet"),
    Mistake("BatchReindex", [[2, 3], [2, 2]], says: "the index blob must have 1 axis"),
    Mistake(
      "BatchReindex", [[2, 3], [4]], at: .forward, value: -1, says: "Index specified for reindex layer was negative."),
    Mistake(
      "BatchReindex", [[2, 3], [4]], at: .forward, value: 2,
      says: "Index specified for reindex layer was greater than batch size."),
    backward("BatchReindex", [[2, 3], [4]], says: "Cannot backprop to index."),
    Mistake(
      "Concat", [[2, 3], [2, 3]], "concat_param { axis: 1 concat_dim: 1 }",
      says: "Either axis or concat_dim should be specified; not both."),
    Mistake("Concat", [[2, 3], [2, 3, 1]], says: "All inputs must have the same number of axes."),
    Mistake("Concat", [[2, 3], [3, 3]], says: "All inputs must have the same shape, except at concat_axis."),
    Mistake("Eltwise", [[2, 3], [3, 2]], says: "bottom[0]: 2 3 (6), bottom[1]: 3 2 (6)"),
    Mistake(
      "Eltwise", [[2], [2]], "eltwise_param { operation: PROD coeff: 1 coeff: 1 }",
      says: "Eltwise layer only takes coefficients for summation."),
    Mistake(
      "Eltwise", [[2], [2]], "eltwise_param { coeff: 1 }", says: "Eltwise Layer takes one coefficient per bottom blob."),
    Mistake("Filter", [[2, 3], [2, 3], [2]], says: "Top.size() should be equal to bottom.size() - 1"),
    Mistake("Filter", [[2, 3], [2, 2]], says: "Selector blob dimensions must be singletons (1), except the first"),
    Mistake("Filter", [[3, 3], [2]], says: "Each bottom should have the same 0th dimension as the selector blob"),
    backward("Filter", [[2, 3], [2]], says: "Layer cannot backpropagate to filter index inputs"),
    Mistake("Flatten", [[2, 3]], isInPlace: true, says: "Flatten Layer does not allow in-place computation."),
    Mistake("Flatten", [[2, 3]], "flatten_param { axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
    Mistake("Flatten", [[2, 3]], "flatten_param { axis: 1 end_axis: 0 }", says: "comes after the last"),
    Mistake("Reduction", [[2, 3]], "reduction_param { axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: -1 } }", isInPlace: true,
      says: "Reshape Layer does not allow in-place computation."),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: -1 dim: -1 } }",
      says: "new shape contains multiple -1 dims; at most a single (1) value of -1 may be specified"),
    Mistake("Reshape", [[2, 3]], "reshape_param { shape { dim: 7 } }", says: "output count must match input count"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: 4 dim: -1 } }",
      says: "bottom count must be divisible by the product of the specified dimensions"),
    Mistake("Reshape", [[2, 3]], "reshape_param { num_axes: -2 }", says: "num_axes must be >= 0, or -1 for all"),
    Mistake("Reshape", [[2, 3]], "reshape_param { axis: 3 }", says: "axis 3 out of range for 2-D Blob"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { axis: 1 num_axes: 2 }", says: "end_axis = axis + num_axes is out of range"),
    Mistake(
      "Slice", [[2, 3]], "slice_param { axis: 1 slice_dim: 1 }",
      says: "Either axis or slice_dim should be specified; not both."),
    Mistake("Slice", [[2, 3]], tops: 2, says: "Number of top blobs (2) should evenly divide input slice axis (3)"),
    Mistake("Slice", [[2, 3]], "slice_param { slice_point: 2 slice_point: 1 }", tops: 3, says: "slice_point > prev"),
    Mistake(
      "Slice", [[2, 3]], "slice_param { slice_point: 1 slice_point: 2 }", tops: 2, says: "need 1 slice_points, not 2"),
    Mistake("Split", [[2]], isInPlace: true, says: "Split Layer does not allow in-place computation."),
    Mistake("Tile", [[2, 3]], says: "Number of tiles must be positive."),
    Mistake("Tile", [[2, 3]], "tile_param { tiles: 2 axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
  ]

  private static let labelCount = "Number of labels must match number of predictions; e.g., if"

  private static let losses: [Mistake] = batches + itemLabels + labelGradients + otherLosses

  private static let batches: [Mistake] =
    ([
      ("SoftmaxWithLoss", [[2, 3], [3]]), ("EuclideanLoss", [[2, 3], [3, 3]]), ("HingeLoss", [[2, 3], [3]]),
      ("MultinomialLogisticLoss", [[2, 3], [3]]), ("SigmoidCrossEntropyLoss", [[2, 3], [3, 2]]),
      ("ContrastiveLoss", [[2, 3], [3, 3], [2]]), ("InfogainLoss", [[2, 3], [3], [3, 3]]),
    ] as [(String, [[Int]])]).map { Mistake($0, $1, says: "The data and label should have the same first dimension.") }

  private static let itemLabels: [Mistake] = ["HingeLoss", "MultinomialLogisticLoss"].flatMap { type -> [Mistake] in
    [
      Mistake(type, [[2, 3], [2, 2]], says: "there must be one label for each of the 2 items"),
      Mistake(type, [[2, 3], [2]], at: .forward, value: 3, says: "label 3 at index 0 is out of range"),
      Mistake(type, [[2, 3, 1, 1, 1], [2]], says: "Cannot use legacy accessors on Blobs with > 4 axes."),
    ]
  }

  private static let labelGradients: [Mistake] =
    ([
      ("SoftmaxWithLoss", [[2, 3], [2]]), ("HingeLoss", [[2, 3], [2]]), ("MultinomialLogisticLoss", [[2, 3], [2]]),
      ("SigmoidCrossEntropyLoss", [[2, 3], [2, 3]]),
    ] as [(String, [[Int]])]).map { backward($0, $1, says: "\($0) Layer cannot backpropagate to label inputs.") }

  private static let otherLosses: [Mistake] = [
    Mistake("SoftmaxWithLoss", [[2, 3, 4], [2]], says: labelCount + " softmax axis == 1"),
    Mistake(
      "SoftmaxWithLoss", [[2, 3], [2]], at: .forward, value: 3,
      says: "label 3 at index 0 is out of range: there are 3 classes"),
    Mistake("SoftmaxWithLoss", [[2, 3], [2]], at: .forward, value: -1, says: "label -1 at index 0 is out of range"),
    Mistake("Accuracy", [[2, 3, 4], [4]], says: labelCount + " label axis == 1"),
    Mistake(
      "Accuracy", [[2, 3], [2]], "accuracy_param { top_k: 4 }",
      says: "top_k must be less than or equal to the number of classes."),
    Mistake("Accuracy", [[2, 3], [2]], at: .forward, value: 3, says: "label 3 at index 0 is out of range"),
    backward("Accuracy", [[2, 3], [2]], says: "Not Implemented Yet"),
    Mistake("EuclideanLoss", [[2, 3], [2, 4]], says: "Inputs must have the same dimension."),
    Mistake(
      "SigmoidCrossEntropyLoss", [[2, 3], [2, 4]],
      says: "SIGMOID_CROSS_ENTROPY_LOSS layer inputs must have the same count."),
    Mistake("ContrastiveLoss", [[2, 3], [2, 4], [2]], says: "bottom[0] and bottom[1] must both be N × C"),
    Mistake("ContrastiveLoss", [[2, 3], [2, 3], [3]], says: "bottom[2] must tell of each of the 2 pairs"),
    Mistake(
      "ContrastiveLoss", [[2, 3, 1, 1, 1], [2, 3], [2]], says: "Cannot use legacy accessors on Blobs with > 4 axes."),
    Mistake(
      "InfogainLoss", [[2, 3], [2], [3, 3]], "loss_param { normalize: true }",
      says: #"normalize is deprecated. use "normalization""#),
    Mistake("InfogainLoss", [[2, 3], [2]], says: "Infogain matrix source must be specified."),
    Mistake("InfogainLoss", [[2, 3], [2], [3, 2]], says: "the infogain matrix must be 3 × 3"),
    Mistake("InfogainLoss", [[2, 3, 4], [2], [3, 3]], says: labelCount + " infogain axis == 1"),
  ]

  private static let data: [Mistake] = [
    Mistake(
      "Input", [], "input_param { shape { } shape { } }",
      says: "Must specify 'shape' once, once per top blob, or not at all"),
    Mistake("Input", [], "input_param { shape { dim: -1 } }", says: "a dimension is at least 0"),
    Mistake("DummyData", [], says: "Must specify 'shape' once, or once per top blob (1); specified 0."),
    Mistake(
      "DummyData", [], "dummy_data_param { shape { dim: 1 } num: 1 }",
      says: "Both shape and legacy fields were specified"),
    Mistake(
      "DummyData", [], "dummy_data_param { shape { dim: 1 } data_filler { } data_filler { } }",
      says: "Number of data fillers must be 0, 1 or equal to the number of tops: 1; you specified 2 data fillers."),
    Mistake("Data", [], "data_param { batch_size: 1 }", says: "data_param.source is missing"),
    Mistake("Data", [], "data_param { source: '/absent' batch_size: 1 }", says: "/absent: No such file or directory"),
    Mistake(
      "Data", [], "data_param { source: 'x' batch_size: 1 } transform_param { mean_file: 'x' mean_value: 1 }",
      says: "Cannot specify mean_file and mean_value at the same time"),
    Mistake(
      "Data", [], "data_param { source: 'x' batch_size: 1 } transform_param { force_color: true force_gray: true }",
      says: "cannot set both force_color and force_gray"),
    Mistake("HDF5Data", [], "transform_param { }", says: "HDF5Data does not transform data."),
    Mistake(
      "HDF5Data", [], "hdf5_data_param { source: '/absent' batch_size: 1 }", says: "Failed to open source file: /absent"
    ),
    Mistake(
      "HDF5Output", [[1, 1], [1]], "hdf5_output_param { file_name: '/nowhere/x.h5' }", tops: 0, says: "/nowhere/x.h5"),
    Mistake("HDF5Output", [[1, 1], [1]], tops: 0, says: "there is no file to write to"),
  ]
}

/// A net in which the layers do not fit together.
struct MistakeInNet: CustomTestStringConvertible, Sendable {
  let text: String
  let layer: String
  let line: Int
  let words: String

  var testDescription: String { words }

  private init(_ layers: [String], layer: String, line: Int, _ words: String) {
    text = layers.joined(separator: "\n")
    self.layer = layer
    self.line = line
    self.words = words
  }

  private static let input = "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"

  /// Two layers with learned weights of the name w, of so many outputs and with these fields of `param`.
  private static func sharing(_ first: String, _ second: String, outputs: (Int, Int) = (3, 3)) -> [String] {
    [
      input,
      """
      layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' \(first) } \
      inner_product_param { num_output: \(outputs.0) bias_term: false } }
      """,
      """
      layer { name: 'b' type: 'InnerProduct' bottom: 'x' top: 'b' param { name: 'w' \(second) } \
      inner_product_param { num_output: \(outputs.1) bias_term: false } }
      """,
    ]
  }

  static let all: [MistakeInNet] = [
    MistakeInNet(
      [input, "layer { name: 'l' type: 'ReLU' bottom: 'z' top: 'y' }"], layer: "l", line: 2,
      "Unknown bottom blob 'z' (layer 'l', bottom index 0)"),
    MistakeInNet(
      [input, "layer { name: 'l' type: 'ReLU' bottom: 'y' top: 'y' }"], layer: "l", line: 2,
      "Unknown bottom blob 'y' (layer 'l', bottom index 0)"),
    MistakeInNet(
      [
        input, "layer { name: 'l' type: 'ReLU' bottom: 'x' top: 'y' }",
        "layer { name: 'm' type: 'ReLU' bottom: 'x' top: 'y' }",
      ],
      layer: "m", line: 3, "Top blob 'y' produced by multiple sources."),
    MistakeInNet(
      [
        input, "layer { name: 'l' type: 'ReLU' bottom: 'x' top: 'y' include { phase: TRAIN } exclude { phase: TEST } }",
      ],
      layer: "l", line: 2, "Specify either include rules or exclude rules; not both."),
    MistakeInNet(
      sharing("lr_mult: 1", "lr_mult: 2"), layer: "b", line: 3, "Shared param 'w' has mismatched lr_mult."),
    MistakeInNet(
      sharing("decay_mult: 1", "decay_mult: 2"), layer: "b", line: 3, "Shared param 'w' has mismatched decay_mult."),
    MistakeInNet(
      sharing("", "", outputs: (3, 4)), layer: "b", line: 3,
      """
      Cannot share param 'w' owned by layer 'a' with layer 'b'; shape mismatch.  Owner layer param shape is 3 3 (9); \
      sharing layer expects shape 4 3 (12)
      """),
    MistakeInNet(
      sharing("", "share_mode: PERMISSIVE", outputs: (3, 4)), layer: "b", line: 3,
      "Cannot share param 'w' owned by layer 'a' with layer 'b'; count mismatch."),
  ]
}
