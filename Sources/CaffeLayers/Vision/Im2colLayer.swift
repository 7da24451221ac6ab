public import CaffeCore
public import CaffeProto

/// Unrolls the windows that a convolution slides over an image: each becomes a column, so that a convolution is a product of
/// matrices.
///
///     y[n, (c, k), q] = x[n, c, q·stride − pad + k·dilation], 0 outside the image
///     out             = ⌊(in + 2·pad − (dilation·(k − 1) + 1)) / stride⌋ + 1
///
/// | blob        | shape                      |
/// |-------------|----------------------------|
/// | `bottom[0]` | N × C × in…                |
/// | `top[0]`    | N × (C · k · …) × out…     |
///
/// | parameter                                      | default                                   |
/// |------------------------------------------------|-------------------------------------------|
/// | `kernel_size` (once or per axis), `kernel_h/w` | required                                  |
/// | `stride`, `stride_h/w`                         | 1                                         |
/// | `pad`, `pad_h/w`                               | 0                                         |
/// | `dilation`                                     | 1                                         |
/// | `axis`                                         | 1, the channels; what precedes is batch   |
/// | `force_nd_im2col`                              | false; changes nothing but Caffe's method |
public final class Im2colLayer: Layer {
  public static let type = "Im2col"

  private let parameter: ConvolutionParameter
  private var columns: WindowColumns?
  private var batch = 0

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.convolutionParam }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(Int(parameter.axis))
    let input = shape.axes((axis + 1)...)
    guard !input.isEmpty else {
      throw NetError(
        "there are no spatial axes behind the channels, axis \(axis) of \(shape.rank)",
        remedy: "set axis to that of the channels")
    }
    let window = try SpatialWindow(parameter, axes: input.count)
    let output = try window.convolutionOutput(of: input)
    top[0].reshape(to: try Shape(checking: shape.axes(..<axis) + [try window.rows(channels: shape[axis])] + output))
    batch = shape.count(..<axis)
    columns = WindowColumns(
      channels: shape[axis], input: input, output: output, kernel: window.kernel, stride: window.stride,
      pad: window.pad, dilation: window.dilation)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    for item in 0..<batch {
      columns?.unroll(x + item * bottom[0].count / batch, into: y + item * top[0].count / batch)
    }
  }

  public var backwardReads: BackwardReads { [] }

  /// Each value's gradient is the sum over the windows that contain it.
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues
    dx.update(repeating: 0)
    for item in 0..<batch {
      columns?.fold(dy + item * top[0].count / batch, addingTo: dx.baseAddress! + item * bottom[0].count / batch)
    }
  }
}

extension SpatialWindow {
  /// The values of one window over all channels.
  fileprivate func rows(channels: Int) throws(NetError) -> Int { try Shape(checking: [channels] + kernel).count }
}
