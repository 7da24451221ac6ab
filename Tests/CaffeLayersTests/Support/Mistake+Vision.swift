extension Mistake {
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

  /// Of the layers for images.
  static let vision: [Mistake] = convolutions + windows + pictures

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
    convolution("num_output: 3 kernel_size: 1 group: 0", says: "cannot be divided into 0 groups"),
    convolution("num_output: 2 kernel_h: 3", says: "Filter dimensions must be nonzero."),
    convolution("num_output: 2 kernel_size: 3 dilation: 0", says: "Dilation dimensions must be nonzero."),
    convolution("num_output: 2 kernel_size: 4294967295", says: "too large"),
    convolution("num_output: 2 kernel_size: 2147483647 dilation: 2147483647", says: "blob size exceeds INT_MAX"),
    convolution("num_output: 2 kernel_size: 1 axis: 4", says: "axis 4 out of range for 4-D Blob"),
    convolution(
      "num_output: 2 kernel_size: 1 pad: 3", type: "Deconvolution", says: "spatial axis 0 makes an output of -1"),
    convolution("num_output: 2 kernel_size: 3 stride: 2000000000", type: "Deconvolution", says: "INT_MAX"),
    convolution("kernel_size: 2000000000 pad: 1000000000", type: "Im2col", says: "INT_MAX"),
    convolution("kernel_size: 6", type: "Im2col", says: "the kernel covers 6 values along spatial axis 0"),
    convolution("kernel_size: 1 axis: 4", type: "Im2col", says: "axis 4 out of range for 4-D Blob"),
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
}
