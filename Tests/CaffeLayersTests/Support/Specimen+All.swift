import Caffe
import CaffeTesting

extension Specimen {
  /// At least one specimen of each layer type.
  static let all: [Specimen] =
    neurons + normalization + weights + vision + recurrent + rearranging + losses + data

  private static let neurons: [Specimen] = [
    of("AbsVal", on: plain, kink: 0),
    of("BNLL", on: plain),
    of("Clip", "clip_param", ["min: -0.5 max: 0.5"], on: plain, kink: 0.5),
    of("ELU", "elu_param", ["", "alpha: 0.5", "alpha: 0", "alpha: -1"], on: plain, kink: 0),
    of(
      "Exp", "exp_param", ["", "base: 2", "base: 0.5 scale: -2 shift: 1", "shift: 2 scale: 0.5"],
      on: [.uniform([2, 3, 4], -1, 1)]),
    of(
      "Log", "log_param", ["", "base: 2", "base: 0.5 scale: 2 shift: 1", "shift: 4 scale: -1"],
      on: [.uniform([2, 3, 4], 0.5, 3)]),
    of(
      "Power", "power_param",
      [
        "power: 2 scale: -1 shift: 0.5", "power: 3", "power: 0.5 shift: 5", "power: -1 shift: 5", "power: 0",
        "scale: 0 shift: 2 power: 3",
      ],
      on: [.uniform([2, 3, 4], -1, 1)]),
    of("Power", "power_param", ["", "scale: 0.1 shift: -4"], on: plain, isSpecialInPlace: true),
    of(
      "PReLU", "prelu_param", ["", "filler { type: 'gaussian' }", "channel_shared: true filler { value: -0.5 }"],
      on: [[2, 3, 2, 3]], kink: 0),
    of(
      "ReLU", "relu_param",
      ["", "negative_slope: 0.1", "negative_slope: -0.5", "engine: CAFFE", "engine: CUDNN"], on: plain, kink: 0),
    of("Sigmoid", "sigmoid_param", ["", "engine: CAFFE"], on: plain),
    of("Swish", "swish_param", ["", "beta: 1.5", "beta: 0", "beta: -1"], on: plain),
    of("TanH", "tanh_param", ["", "engine: CAFFE"], on: plain),
    of("Threshold", on: plain, differentiable: []),
  ].flatMap(\.self)

  private static let plain: [TrialBottom] = [[2, 3, 4]]

  private static let normalization: [Specimen] = [
    of("BatchNorm", on: [[4, 3, 2, 3]], tolerance: 5e-3, hasStatistics: true),
    of("BatchNorm", on: [[6, 3]], tolerance: 5e-3, hasStatistics: true),
    of(
      "BatchNorm", "batch_norm_param", ["scale_bias: true scale_filler { type: 'gaussian' std: 1 }"],
      on: [[4, 3, 2, 3]],
      tolerance: 5e-3, hasStatistics: true),
    of(
      "LRN", "lrn_param",
      [
        "", "local_size: 3 alpha: 2 beta: 0.5 k: 2", "local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL",
        "local_size: 5 beta: 1 norm_region: WITHIN_CHANNEL", "local_size: 99",
      ],
      on: [[2, 7, 3, 3]]),
    of(
      "MVN", "mvn_param",
      ["", "across_channels: true", "normalize_variance: false", "across_channels: true normalize_variance: false"],
      on: [[2, 3, 3, 4]]),
    spread("Bias", "bias_param", "filler { type: 'gaussian' }"),
    spread("Scale", "scale_param", "filler { type: 'gaussian' } bias_term: true bias_filler { type: 'gaussian' }"),
  ].flatMap(\.self)

  /// A layer whose learned blob, or second bottom, is spread over some axes of the first.
  private static func spread(_ type: String, _ parameter: String, _ fillers: String) -> [Specimen] {
    of(
      type, parameter, ["", "num_axes: 2", "num_axes: -1", "num_axes: 0", "axis: -1"].map { "\($0) \(fillers)" },
      on: plain)
      + of(type, parameter, ["axis: 0 num_axes: 2 \(fillers)"], on: plain, batchBottoms: [])
      + ([([3], ""), ([3, 4], ""), ([], "")] as [([Int], String)]).flatMap {
        of(type, parameter, [$1], on: plain + [.gaussian(Shape($0))], batchBottoms: [0])
      }
      + of(type, parameter, ["axis: 0"], on: plain + [[2, 3]])
  }

  private static let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"

  private static let weights: [Specimen] = [
    of("Dropout", "dropout_param", ["", "dropout_ratio: 0.2", "dropout_ratio: 0"], on: [[4, 5]]),
    of(
      "Embed", "embed_param", ["", "bias_term: false"].map { "num_output: 3 input_dim: 5 \($0) \(fillers)" },
      on: [.labels([4, 2], below: 5)], differentiable: []),
    of(
      "InnerProduct", "inner_product_param",
      ["", "transpose: true", "bias_term: false", "axis: 2", "axis: -1 transpose: true"].map {
        "num_output: 5 \($0) \(fillers)"
      }, on: [[3, 2, 4]]),
    of(
      "InnerProduct", "inner_product_param", ["num_output: 5 axis: 0 \(fillers)"], on: [[3, 2, 4]], batchBottoms: []),
  ].flatMap(\.self)

  private static let vision: [Specimen] = [
    of(
      "Convolution", "convolution_param",
      (windows + [
        "num_output: 4 kernel_size: 3 group: 4",
        "num_output: 2 kernel_size: 3 kernel_size: 2 stride: 1 stride: 2 pad: 0 pad: 1 dilation: 1 dilation: 2",
      ]).map { "\($0) \(fillers)" }, on: [[2, 4, 5, 4]]),
    of("Deconvolution", "convolution_param", windows.map { "\($0) \(fillers)" }, on: [[2, 4, 3, 2]]),
    of(
      "Convolution", "convolution_param", ["num_output: 2 kernel_size: 2 \(fillers)"], tops: 2,
      on: [[1, 2, 2, 3], [1, 2, 2, 3]]),
    of(
      "Deconvolution", "convolution_param", ["num_output: 2 kernel_size: 2 \(fillers)"], tops: 2,
      on: [[1, 2, 2, 3], [1, 2, 2, 3]]),
    of(
      "Im2col", "convolution_param",
      [
        "kernel_size: 2", "kernel_size: 3 stride: 2 pad: 1", "kernel_h: 2 kernel_w: 3 dilation: 2 pad_h: 0 pad_w: 2",
        "kernel_size: 2 axis: -3",
      ],
      on: [[2, 2, 4, 5]]),
    of(
      "Crop", "crop_param", ["", "offset: 1", "offset: 1 offset: 2", "axis: 1 offset: 0 offset: 1 offset: 0"],
      on: [[2, 3, 4, 5], [2, 2, 3, 3]]),
    of(
      "Pooling", "pooling_param",
      [
        "kernel_size: 2 stride: 2", "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1",
        "kernel_size: 3 stride: 2 pad: 1", "kernel_size: 3 stride: 2 round_mode: FLOOR", "global_pooling: true",
        "kernel_size: 2 pad_h: 1 pad_w: 0",
      ].flatMap { ["pool: MAX \($0)", "pool: AVE \($0)"] },
      // Values so far apart that no small step changes a maximum.
      on: [.values([2, 2, 5, 6], (0..<120).map { Float($0 * 37 % 120) / 20 })]),
    of(
      "SPP", "spp_param",
      ["pyramid_height: 1", "pyramid_height: 2", "pyramid_height: 3 pool: AVE", "pyramid_height: 3 engine: CAFFE"],
      on: [.values([2, 2, 7, 4], (0..<112).map { Float($0 * 9 % 112) / 10 })]),
  ].flatMap(\.self)

  private static let windows = [
    "num_output: 3 kernel_size: 3", "num_output: 3 kernel_size: 2 bias_term: false stride: 2",
    "num_output: 4 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 group: 2",
    "num_output: 2 kernel_size: 2 dilation: 2 pad: 1", "num_output: 3 kernel_size: 1",
  ]

  private static let recurrent: [Specimen] =
    ["LSTM", "RNN"].flatMap {
      // A second sequence begins at the third step of the first stream.
      let cont = TrialBottom.values([4, 2], [0, 0, 1, 1, 0, 1, 1, 1])
      let parameter = """
        num_output: 3 weight_filler { type: 'uniform' min: -0.8 max: 0.8 } \
        bias_filler { type: 'uniform' min: -0.8 max: 0.8 }
        """
      return of($0, "recurrent_param", [parameter], on: [[4, 2, 3], cont], batchBottoms: [])
        + of($0, "recurrent_param", [parameter], on: [[4, 2, 3], cont, [2, 2, 2]], batchBottoms: [])
    }
    + of("LSTMUnit", tops: 2, on: [[1, 3, 2], [1, 3, 8], .values([1, 3], [1, 0, 1])], batchBottoms: [])

  private static let rearranging: [Specimen] = [
    of(
      "ArgMax", "argmax_param", ["", "top_k: 2 out_max_val: true", "axis: 2 top_k: 3", "axis: -2"], on: plain,
      differentiable: []),
    of("BatchReindex", on: [[3, 2, 2], .values([5], [2, 0, 0, 1, 2])], batchBottoms: [1]),
    of("Concat", "concat_param", ["", "axis: -2", "concat_dim: 1"], on: [[2, 3, 2], [2, 1, 2], [2, 2, 2]]),
    of(
      "Eltwise", "eltwise_param",
      [
        "", "coeff: 2 coeff: -1 coeff: 0.5", "operation: PROD", "operation: PROD stable_prod_grad: false",
        "operation: MAX",
      ],
      // Values that differ by more than a small step, and are not 0.
      on: (0..<3).map { bottom in
        .values([2, 3, 2], (0..<12).map { Float(($0 * 5 + bottom * 7) % 13) / 4 - 1.6 + Float(bottom) / 10 })
      }),
    of("Filter", tops: 2, on: [[4, 2], [4, 1, 3], .values([4], [1, 2])]),
    of("Flatten", "flatten_param", ["", "axis: 0", "axis: 2"], on: plain),
    of(
      "Reduction", "reduction_param", ["", "operation: SUMSQ axis: 1", "operation: MEAN axis: -1 coeff: -3"], on: plain),
    of("Reduction", "reduction_param", ["operation: ASUM coeff: 2"], on: plain, kink: 0),
    of("Reshape", "reshape_param", ["shape { dim: 0 dim: -1 }", "shape { dim: -1 } num_axes: 2"], on: plain),
    of("Silence", tops: 0, on: [[2, 3], [2]]),
    of("Slice", "slice_param", ["", "slice_point: 1", "axis: -1 slice_point: 2"], tops: 2, on: [[2, 4, 3]]),
    of("Slice", "slice_param", ["slice_dim: 0"], tops: 2, on: [[2, 4, 3]], batchBottoms: []),
    of("Softmax", "softmax_param", ["", "axis: 0", "axis: -1", "engine: CAFFE"], on: plain),
    of("Split", tops: 2, on: [[2, 3]]),
    of("Tile", "tile_param", ["tiles: 3", "tiles: 1", "tiles: 2 axis: 0", "tiles: 2 axis: -1"], on: [[2, 3, 2]]),
  ].flatMap(\.self)

  private static let losses: [Specimen] = [
    of("Accuracy", tops: 2, on: [[3, 4, 2], .labels([3, 2], below: 4)], differentiable: []),
    of(
      "ContrastiveLoss", "contrastive_loss_param", ["margin: 2.5", "margin: 4 legacy_version: true"],
      on: [[6, 3], [6, 3], .labels([6], below: 2)]),
    of("EuclideanLoss", on: [[3, 2, 2], [3, 4]]),
    of("HingeLoss", "hinge_loss_param", ["norm: L1", "norm: L2"], on: [[4, 5], .labels([4], below: 5)], kink: 1),
    of(
      "InfogainLoss", "loss_param", ["", "ignore_label: 1 normalization: FULL"],
      on: [[2, 3, 4], .labels([2, 4], below: 3), .uniform([3, 3], 0, 1)], batchBottoms: [0, 1]),
    of("MultinomialLogisticLoss", on: [.uniform([4, 5], 0.5, 1), .labels([4], below: 5)]),
    of("SigmoidCrossEntropyLoss", on: [[4, 5], .uniform([4, 5], 0, 1)]),
    of(
      "SigmoidCrossEntropyLoss", "loss_param", ["ignore_label: -1 normalization: VALID"],
      on: [[4, 5], .values([4, 5], [0, 1, -1])]),
    of(
      "SoftmaxWithLoss", "loss_param",
      [
        "", "ignore_label: 1", "ignore_label: 1 normalization: FULL", "normalization: BATCH_SIZE",
        "normalization: NONE", "normalize: false",
      ],
      on: [[3, 4, 2], .labels([3, 2], below: 4)]),
  ].flatMap(\.self)

  private static let data: [Specimen] = [
    of("Data", "data_param", ["source: 'FIXTURES/lmdb_same' batch_size: 3"], tops: 2, on: []),
    of("DummyData", "dummy_data_param", ["shape { dim: 3 } data_filler { type: 'gaussian' }"], tops: 2, on: []),
    of("HDF5Data", nil, ["top: 'data' hdf5_data_param { source: 'LIST' batch_size: 2 }"], tops: 0, on: []),
    of("HDF5Output", "hdf5_output_param", ["file_name: 'FILE'"], tops: 0, on: [[3, 2], [3]], differentiable: []),
    of(
      "ImageData", nil,
      [
        """
        image_data_param { source: 'FIXTURES/same.txt' root_folder: 'FIXTURES/images/' batch_size: 2 shuffle: true }
        transform_param { mirror: true crop_size: 5 }
        """
      ], tops: 2, on: []),
    of("Input", "input_param", ["shape { dim: 3 }"], tops: 2, on: []),
    of(
      "WindowData", nil,
      [
        """
        window_data_param { source: 'FIXTURES/win_warp.txt' root_folder: 'FIXTURES/images/' batch_size: 4 }
        transform_param { mirror: true crop_size: 9 }
        """
      ], tops: 2, on: []),
    of("Parameter", "parameter_param", ["shape { dim: 2 dim: 3 }"], on: []),
  ].flatMap(\.self)
}
