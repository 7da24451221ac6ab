public import CaffeCore
public import CaffeProto

/// The transpose of a convolution (Zeiler et al., 2010): each input value adds a weighted kernel to the output, so images grow
/// by the stride.
///
///     y[n, o, q·stride − pad + k·dilation] += W[c, o, k] · x[n, c, q],   y += b[o]
///     out = stride · (in − 1) + dilation·(k − 1) + 1 − 2·pad
///
/// Forward is a convolution's backward pass and backward is its forward pass, with the same weights.
///
/// | blob            | shape                                        |
/// |-----------------|----------------------------------------------|
/// | `bottom[i]`     | N × C × in…; all bottoms of one shape        |
/// | `top[i]`        | N × num_output × out…                        |
/// | `parameters[0]` | W: C × num_output / group × k…               |
/// | `parameters[1]` | b: num_output                                |
///
/// | parameter                                      | default                                   |
/// |------------------------------------------------|-------------------------------------------|
/// | `num_output`                                   | required                                  |
/// | `kernel_size` (once or per axis), `kernel_h/w` | required                                  |
/// | `stride`, `stride_h/w`                         | 1                                         |
/// | `pad`, `pad_h/w`                               | 0                                         |
/// | `dilation`                                     | 1                                         |
/// | `group`                                        | 1                                         |
/// | `bias_term`                                    | true                                      |
/// | `axis`                                         | 1, the channels; what precedes is batch   |
/// | `weight_filler`, `bias_filler`                 | constant 0                                |
/// | `engine`                                       | `DEFAULT`                                 |
/// | `force_nd_im2col`                              | false; changes nothing but Caffe's method |
///
/// Upsampling by bilinear interpolation: `group` and `num_output` are the channels, the filler is `bilinear`, `lr_mult` is 0.
public final class DeconvolutionLayer: Layer, Explained {
  public static let type = "Deconvolution"
  public static let bottomCount = BlobCount.atLeast(1)
  public static let topCount = BlobCount.atLeast(1)
  public static let hasOneTopForEachBottom = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let engine: any Engine
  private var geometry: ConvolutionGeometry?
  /// The convolution from tops to bottoms.
  private var convolution: (any ConvolutionOperation)?
  public var kernel: String? { CaffeCore.kernel(of: convolution) }
  public var backwardKernel: String? { CaffeCore.backwardKernel(of: convolution) }
  /// How the bias meets a top.
  private var spread: Broadcast?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let parameter = definition.convolutionParam
    let geometry = try ConvolutionGeometry(parameter, bottom: bottom[0].shape)
    let weights = try Shape(
      checking: [geometry.channels, geometry.outputs / geometry.group] + geometry.window.kernel)
    parameters = [try definition.makeParameter(0, weights, filler: parameter.weightFiller, in: context)]
    if parameter.biasTerm {
      parameters.append(
        try definition.makeParameter(1, [geometry.outputs], filler: parameter.biasFiller, in: context))
    }
    self.geometry = geometry
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    guard let geometry else { preconditionFailure("reshape before setUp") }
    try geometry.check(bottom)
    let shape = bottom[0].shape
    let batch = geometry.batch(of: shape)
    let input = geometry.space(of: shape)
    let output = try geometry.window.deconvolutionOutput(of: input)
    let topShape = try Shape(checking: batch + [geometry.outputs] + output)
    for top in top { top.reshape(to: topShape) }
    if parameters.count > 1 {
      spread = try Broadcast(of: parameters[1].shape, over: topShape, axis: geometry.channelAxis, name: "bias")
    }
    let description = ConvolutionDescription(
      batch: batch.reduce(1, *), channels: geometry.outputs, outputs: geometry.channels, group: geometry.group,
      input: output, output: input, kernel: geometry.window.kernel, stride: geometry.window.stride,
      pad: geometry.window.pad, dilation: geometry.window.dilation, hasBias: false)
    if convolution?.description != description { convolution = engine.convolution(description) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    for (bottom, top) in zip(bottom, top) {
      convolution?.backwardData(bottom.data, weights: parameters[0].data, into: top.data)
      if let spread {
        let runs = ChannelRuns(spread, over: top.shape, in: top.data, on: engine)
        runs.add(parameters[1].data, to: top.data, into: top.data, on: engine)
      }
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for i in top.indices {
      if propagate.parameters[0] {
        convolution?.backwardParameters(top[i].diff, bottom[i].data, weights: parameters[0].diff, bias: nil)
      }
      if let spread, propagate.parameters[1] {
        let runs = ChannelRuns(spread, over: top[i].shape, in: top[i].diff, on: engine)
        runs.addSums(of: engine.read(top[i].diff, in: runs.order), on: engine, to: parameters[1].diff)
      }
      if propagate[i] {
        convolution?.forward(top[i].diff, weights: parameters[0].data, bias: nil, into: bottom[i].diff)
      }
    }
  }
}

extension SpatialWindow {
  /// How many outputs a deconvolution has along each axis: stride·(in − 1) + dilation·(k − 1) + 1 − 2·pad.
  func deconvolutionOutput(of input: [Int]) throws(NetError) -> [Int] {
    var output: [Int] = []
    for axis in input.indices {
      let count = stride[axis] * (input[axis] - 1) + dilation[axis] * (kernel[axis] - 1) + 1 - 2 * pad[axis]
      guard count > 0 else {
        throw NetError(
          "an input of \(input[axis]) values along spatial axis \(axis) makes an output of \(count)",
          remedy: "use less padding, a larger kernel or a larger input")
      }
      output.append(count)
    }
    return output
  }
}
