import Caffe

extension Mistake {
  /// Every condition under which a layer of the original refuses its definition or its input.
  static let inLayers: [Mistake] =
    counts + inPlace + general + fillers + vision + common + recurrent + normalization + neurons + rearranging + losses
    + data

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

  /// Every type that needs a top of its own.
  private static let inPlace: [Mistake] = LayerRegistry.standard.names.compactMap { type in
    guard LayerRegistry.standard[type]?.worksInPlace == false,
      let specimen = Specimen.all.first(where: { $0.type == type && !$0.bottoms.isEmpty && $0.tops > 0 })
    else { return nil }
    return Mistake(
      type, specimen.bottoms.map(\.shape.dimensions), specimen.settings, isInPlace: true,
      says: "\(type) Layer does not allow in-place computation.")
  }

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

  private static let common: [Mistake] = [
    Mistake("InnerProduct", [[2, 3]], says: "num_output > 0"),
    Mistake(
      "InnerProduct", [[2, 3]], "inner_product_param { num_output: 2 } blobs { shape { dim: 3 dim: 2 } }",
      says: "Incorrect weight shape: expected shape 2 3 (6); instead, shape was 3 2 (6)"),
    Mistake(
      "InnerProduct", [[2, 1]],
      "inner_product_param { num_output: 1 } blobs { shape { dim: 1 dim: 1 } data: 1 } blobs { shape { dim: 2 } }",
      says: "Incorrect bias shape: expected shape 1 (1); instead, shape was 2 (2)"),
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

  private static let recurrent: [Mistake] =
    sequences + [
      Mistake(
        "LSTMUnit", [[2, 1, 3], [2, 1, 12], [2, 1]], tops: 2, says: "the cell state, must have the shape 1 × "),
      Mistake("LSTMUnit", [[1, 2, 3], [1, 2, 9], [1, 2]], tops: 2, says: "must have 4 values for each unit"),
      Mistake("LSTMUnit", [[1, 2, 3], [1, 2, 12], [1, 3]], tops: 2, says: "the continuation indicators, must have"),
      backward(
        "LSTMUnit", [[1, 2, 3], [1, 2, 12], [1, 2]], "loss_weight: 1", tops: 2,
        says: "LSTMUnit Layer cannot backpropagate to continuation indicators."),
    ]

  private static let sequences: [Mistake] = ["LSTM", "RNN"].flatMap { type -> [Mistake] in
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
    Mistake(
      "BatchNorm", [[2, 3]], at: .forward, later: [2, 4], says: "has 4 channels, but the layer was set up for 3"),
    Mistake("BatchNorm", [[7]], says: "axis 1 out of range for 1-D Blob with shape 7 (7)"),
    Mistake("LRN", [[1, 3, 4, 4]], "lrn_param { local_size: 4 }", says: "LRN only supports odd values for local_size"),
    Mistake("LRN", [[1, 3, 4, 4]], "lrn_param { local_size: 0 }", says: "LRN only supports odd values for local_size"),
    Mistake("LRN", [[1, 3, 4]], says: "Input must have 4 axes, corresponding to (num, channels, height, width)"),
    Mistake("MVN", [[1, 2, 3, 4, 5]], says: "Cannot use legacy accessors on Blobs with > 4 axes."),
    Mistake("Scale", [[2, 3, 4]], "scale_param { axis: 3 }", says: "axis 3 out of range for 3-D Blob"),
    Mistake("Bias", [[2, 3, 4]], "bias_param { axis: 3 }", says: "axis 3 out of range for 3-D Blob"),
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
    Mistake("Clip", [[2]], says: "clip_param needs both min and max"),
    Mistake("Exp", [[2]], "exp_param { base: 0 }", says: "base must be strictly positive."),
    Mistake("Exp", [[2]], "exp_param { base: -2 }", says: "base must be strictly positive."),
    Mistake("Exp", [[2]], "exp_param { base: inf }", says: "Inf result"),
    Mistake("Log", [[2]], "log_param { base: -2 }", says: "base must be strictly positive."),
    Mistake("Log", [[2]], "log_param { base: 0 }", says: "base must be strictly positive."),
    Mistake("Log", [[2]], "log_param { base: 1 }", says: "Inf result: 1/log(base)"),
    Mistake("PReLU", [[1, 2]], at: .forward, later: [1, 3], says: "dimension mismatch"),
    Mistake(
      "PReLU", [[1, 2]], "blobs { shape { dim: 3 } data: 1 data: 1 data: 1 }",
      says: "Incorrect weight shape: expected shape 2 (2)"),
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
    Mistake("Flatten", [[2, 3]], "flatten_param { axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
    Mistake("Flatten", [[2, 3]], "flatten_param { end_axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
    Mistake("Flatten", [[2, 3]], "flatten_param { axis: 1 end_axis: 0 }", says: "comes after the last"),
    Mistake("Reduction", [[2, 3]], "reduction_param { axis: 2 }", says: "axis 2 out of range for 2-D Blob"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: -1 dim: -1 } }",
      says: "new shape contains multiple -1 dims; at most a single (1) value of -1 may be specified"),
    Mistake("Reshape", [[2, 3]], "reshape_param { shape { dim: 7 } }", says: "output count must match input count"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: 4 dim: -1 } }",
      says: "bottom count must be divisible by the product of the specified dimensions"),
    Mistake("Reshape", [[2, 3]], "reshape_param { shape { dim: -2 } }", says: "dim is -2"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: 9223372036854775807 dim: -1 } }",
      says: "blob size exceeds INT_MAX"),
    Mistake(
      "Reshape", [[2, 3]], "reshape_param { shape { dim: 0 } axis: 2 num_axes: 0 }",
      says: "axis 2 out of range for 2-D Blob"),
    Mistake("Reshape", [[2, 3]], "reshape_param { axis: -4 }", says: "axis -4 out of range for 2-D Blob"),
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
    backward(
      "InfogainLoss", [[2, 3], [2], [3, 3]], says: "InfogainLoss Layer cannot backpropagate to infogain inputs."),
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
    Mistake("HDF5Data", [], "hdf5_data_param { source: '/absent' }", says: "hdf5_data_param.batch_size is 0"),
    Mistake("ImageData", [], "image_data_param { batch_size: 0 }", tops: 2, says: "Positive batch size required"),
    Mistake(
      "ImageData", [], "image_data_param { source: 'x' new_height: 4 }", tops: 2,
      says: "Current implementation requires new_height and new_width to be set at the same time."),
    Mistake("ImageData", [], "image_data_param { source: '/absent' }", tops: 2, says: "/absent"),
    Mistake(
      "MemoryData", [], "memory_data_param { batch_size: 1 channels: 1 height: 1 }", tops: 2,
      says: "batch_size, channels, height, and width must be specified and positive"),
    Mistake(
      "MemoryData", [], "memory_data_param { batch_size: 1 channels: 1 height: 1 width: 1 }", tops: 2, at: .forward,
      says: "MemoryDataLayer needs to be initialized by calling Reset"),
    Mistake("WindowData", [], "window_data_param { source: '/absent' }", tops: 2, says: "batch_size is 0"),
    Mistake("WindowData", [], "window_data_param { source: '/absent' batch_size: 1 }", tops: 2, says: "/absent"),
    Mistake(
      "HDF5Data", [], "hdf5_data_param { source: '/absent' batch_size: 1 }", says: "Failed to open source file: /absent"
    ),
    Mistake(
      "HDF5Output", [[1, 1], [1]], "hdf5_output_param { file_name: '/nowhere/x.h5' }", tops: 0, says: "/nowhere/x.h5"),
    Mistake("HDF5Output", [[1, 1], [1]], tops: 0, says: "there is no file to write to"),
  ]
}
