public import CaffeCore
public import CaffeProto

/// A convolution over any number of spatial axes (a cross-correlation: the kernel is not flipped).
///
///     y[n, o, q] = b[o] + Σ_{c, k} W[o, c, k] · x[n, c, q·stride − pad + k·dilation]
///     out        = ⌊(in + 2·pad − (dilation·(k − 1) + 1)) / stride⌋ + 1
///
/// | blob            | shape                                    |
/// |-----------------|------------------------------------------|
/// | `bottom[i]`     | N × C × in…; all bottoms of one shape     |
/// | `top[i]`        | N × num_output × out…                    |
/// | `parameters[0]` | W: num_output × C / group × k…           |
/// | `parameters[1]` | b: num_output                            |
///
/// | parameter                                     | default                                   |
/// |-----------------------------------------------|-------------------------------------------|
/// | `num_output`                                  | required                                  |
/// | `kernel_size` (once or per axis), `kernel_h/w` | required                                  |
/// | `stride`, `stride_h/w`                        | 1                                         |
/// | `pad`, `pad_h/w`                              | 0                                         |
/// | `dilation`                                    | 1                                         |
/// | `group`                                       | 1                                         |
/// | `bias_term`                                   | true                                      |
/// | `axis`                                        | 1, the channels; what precedes is batch   |
/// | `weight_filler`, `bias_filler`                | constant 0                                |
/// | `engine`                                      | `DEFAULT`                                 |
/// | `force_nd_im2col`                             | false; changes nothing but Caffe's method |
///
/// With several bottoms the weights are shared, and their gradients add up.
public final class ConvolutionLayer: Layer, Explained {
  public static let type = "Convolution"
  public static let bottomCount = BlobCount.atLeast(1)
  public static let topCount = BlobCount.atLeast(1)
  public static let hasOneTopForEachBottom = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let engine: any Engine
  private var geometry: ConvolutionGeometry?
  private var operation: (any ConvolutionOperation)?
  public var kernel: String? { CaffeCore.kernel(of: operation) }
  public var backwardKernel: String? { CaffeCore.backwardKernel(of: operation) }
  private let discarded = DiscardedGradient()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let parameter = definition.convolutionParam
    let geometry = try ConvolutionGeometry(parameter, bottom: bottom[0].shape)
    let weights = try Shape(
      checking: [geometry.outputs, geometry.channels / geometry.group] + geometry.window.kernel)
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
    let output = try geometry.window.convolutionOutput(of: geometry.space(of: shape))
    let topShape = try Shape(checking: batch + [geometry.outputs] + output)
    for top in top { top.reshape(to: topShape) }
    let description = ConvolutionDescription(
      batch: batch.reduce(1, *), channels: geometry.channels, outputs: geometry.outputs, group: geometry.group,
      input: geometry.space(of: shape), output: output, kernel: geometry.window.kernel, stride: geometry.window.stride,
      pad: geometry.window.pad, dilation: geometry.window.dilation, hasBias: parameters.count > 1)
    if operation?.description != description { operation = engine.convolution(description) }
  }

  public var role: LayerRole {
    // What may follow in the same operation takes axis 1 for the channels.
    guard let operation, let geometry, geometry.window.kernel.count == 2, geometry.channelAxis == 1 else {
      return .other
    }
    return .convolution(operation.description)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let bias = parameters.count > 1 ? parameters[1].data : nil
    for (bottom, top) in zip(bottom, top) {
      operation?.forward(bottom.data, weights: parameters[0].data, bias: bias, into: top.data)
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for i in top.indices {
      if propagate.parameters.contains(true) {
        operation?.backwardParameters(
          bottom[i].data, top[i].diff, weights: discarded.unless(propagate.parameters[0], parameters[0]),
          bias: parameters.count > 1 && propagate.parameters[1] ? parameters[1].diff : nil)
      }
      if propagate[i] {
        operation?.backwardData(top[i].diff, weights: parameters[0].data, into: bottom[i].diff)
      }
    }
  }
}
