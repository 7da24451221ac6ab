internal import CaffeCore
internal import CaffeProto

/// The window that a convolution or a pooling slides over the spatial axes: one number for each axis.
struct SpatialWindow: Hashable {
  var kernel: [Int]
  var stride: [Int]
  var pad: [Int]
  var dilation: [Int]

  /// How many outputs a convolution has along each axis: ⌊(in + 2·pad − (dilation·(k − 1) + 1)) / stride⌋ + 1, the
  /// quotient rounded towards zero.
  func convolutionOutput(of input: [Int]) throws(NetError) -> [Int] {
    var output: [Int] = []
    for axis in input.indices {
      let extent = dilation[axis] * (kernel[axis] - 1) + 1
      let padded = input[axis] + 2 * pad[axis]
      let count = (padded - extent) / stride[axis] + 1
      guard count > 0 else {
        throw NetError(
          "the kernel covers \(extent) values along spatial axis \(axis), but the padded input has \(padded)",
          remedy: "use a smaller kernel, more padding or a larger input")
      }
      output.append(count)
    }
    return output
  }

  /// How many outputs a pooling has along each axis: (in + 2·pad − k) / stride, rounded up or down, + 1. With padding, a last
  /// window that would start behind the image and its leading padding is dropped.
  func poolingOutput(of input: [Int], roundsUp: Bool) throws(NetError) -> [Int] {
    let isPadded = pad.contains { $0 > 0 }
    var output: [Int] = []
    for axis in input.indices {
      let room = input[axis] + 2 * pad[axis] - kernel[axis]
      var count = Self.divide(room, by: stride[axis], roundsUp: roundsUp) + 1
      if isPadded, (count - 1) * stride[axis] >= input[axis] + pad[axis] { count -= 1 }
      guard count > 0 else {
        throw NetError(
          "the kernel covers \(kernel[axis]) values along spatial axis \(axis), but the input has only \(input[axis])",
          remedy: "use a smaller kernel, more padding or a larger input")
      }
      output.append(count)
    }
    return output
  }

  private static func divide(_ a: Int, by b: Int, roundsUp: Bool) -> Int {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    if roundsUp { return remainder > 0 ? quotient + 1 : quotient }
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// A number that a user wrote, small enough that products of two of them are whole numbers still.
  fileprivate static func checked(_ value: UInt32, _ name: String) throws(NetError) -> Int {
    guard value <= Int32.max else { throw NetError("\(name) is \(value), which is too large") }
    return Int(value)
  }
}

// MARK: - Convolution

extension SpatialWindow {
  /// Reads `kernel_size`, `stride`, `pad` and `dilation`, each given once or once for every axis, or, for two axes, as `_h`
  /// and `_w`.
  init(_ parameter: ConvolutionParameter, axes: Int) throws(NetError) {
    kernel = try Self.read(
      "kernel_size", short: "kernel", parameter.kernelSize,
      parameter.hasKernelH || parameter.hasKernelW ? (parameter.kernelH, parameter.kernelW) : nil, axes: axes)
    stride = try Self.read(
      "stride", parameter.stride,
      parameter.hasStrideH || parameter.hasStrideW ? (parameter.strideH, parameter.strideW) : nil, default: 1,
      axes: axes)
    pad = try Self.read(
      "pad", parameter.pad, parameter.hasPadH || parameter.hasPadW ? (parameter.padH, parameter.padW) : nil, default: 0,
      axes: axes)
    dilation = try Self.read("dilation", parameter.dilation, nil, default: 1, axes: axes)
    if kernel.contains(0) { throw NetError("Filter dimensions must be nonzero.") }
    if stride.contains(0) { throw NetError("Stride dimensions must be nonzero.") }
    if dilation.contains(0) { throw NetError("Dilation dimensions must be nonzero.") }
  }

  private static func read(
    _ name: String, short: String? = nil, _ repeated: [UInt32], _ pair: (UInt32, UInt32)?, default: Int? = nil,
    axes: Int
  ) throws(NetError) -> [Int] {
    let short = short ?? name
    if let pair {
      guard axes == 2 else { throw NetError("\(short)_h & \(short)_w can only be used for 2D convolution.") }
      guard repeated.isEmpty else { throw NetError("Either \(name) or \(short)_h/w should be specified; not both.") }
      return [try checked(pair.0, "\(short)_h"), try checked(pair.1, "\(short)_w")]
    }
    if repeated.isEmpty, let value = `default` { return Array(repeating: value, count: axes) }
    guard repeated.count == 1 || repeated.count == axes else {
      throw NetError(
        """
        \(name) must be specified once, or once per spatial dimension (\(name) specified \(repeated.count) times; \
        \(axes) spatial dims).
        """)
    }
    var values: [Int] = []
    for axis in 0..<axes { values.append(try checked(repeated[repeated.count == 1 ? 0 : axis], name)) }
    return values
  }
}

// MARK: - Pooling

extension SpatialWindow {
  /// Reads `kernel_size`, `stride` and `pad`, or their `_h` and `_w` pairs. With `global_pooling` the kernel is the image.
  init(_ parameter: PoolingParameter, image: [Int]) throws(NetError) {
    let hasPair = parameter.hasKernelH && parameter.hasKernelW
    if parameter.globalPooling {
      guard !parameter.hasKernelSize, !parameter.hasKernelH, !parameter.hasKernelW else {
        throw NetError("With Global_pooling: true Filter size cannot specified")
      }
      kernel = image
    } else {
      guard parameter.hasKernelSize != hasPair else {
        throw NetError("Filter size is kernel_size OR kernel_h and kernel_w; not both")
      }
      kernel =
        hasPair
        ? [try Self.checked(parameter.kernelH, "kernel_h"), try Self.checked(parameter.kernelW, "kernel_w")]
        : Array(repeating: try Self.checked(parameter.kernelSize, "kernel_size"), count: 2)
      if kernel.contains(0) { throw NetError("Filter dimensions cannot be zero.") }
    }
    pad = try Self.pair(
      parameter.hasPad, parameter.pad, parameter.hasPadH, parameter.padH, parameter.hasPadW, parameter.padW,
      "pad is pad OR pad_h and pad_w are required.", "pad")
    stride = try Self.pair(
      parameter.hasStride, parameter.stride, parameter.hasStrideH, parameter.strideH, parameter.hasStrideW,
      parameter.strideW, "Stride is stride OR stride_h and stride_w are required.", "stride")
    dilation = [1, 1]
    if stride.contains(0) { throw NetError("Stride dimensions must be nonzero.") }
    if parameter.globalPooling, pad != [0, 0] || stride != [1, 1] {
      throw NetError("With Global_pooling: true; only pad = 0 and stride = 1")
    }
    guard pad != [0, 0] else { return }
    guard parameter.pool != .stochastic else {
      throw NetError("Padding implemented only for average and max pooling.")
    }
    for (axis, name) in ["h", "w"].enumerated() where pad[axis] >= kernel[axis] {
      throw NetError(
        "pad_\(name) < kernel_\(name) does not hold (\(pad[axis]) vs. \(kernel[axis]))",
        remedy: "pad by less than the kernel's size, so that every window touches the image")
    }
  }

  private static func pair(
    _ hasBoth: Bool, _ both: UInt32, _ hasH: Bool, _ h: UInt32, _ hasW: Bool, _ w: UInt32, _ message: String,
    _ name: String
  ) throws(NetError) -> [Int] {
    guard hasH || hasW else { return Array(repeating: try checked(both, name), count: 2) }
    guard !hasBoth, hasH, hasW else { throw NetError(message) }
    return [try checked(h, "\(name)_h"), try checked(w, "\(name)_w")]
  }
}
