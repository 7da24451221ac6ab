internal import COneDNN
internal import CaffeCore

/// Convolution in whatever layouts oneDNN finds fastest, or by Winograd's algorithm where that is faster.
///
/// One to three spatial axes, groups and dilation; anything else is refused. Packed weights stay with the weights' buffer and
/// are packed again only when somebody has written the weights.
final class OneDNNConvolution: ConvolutionOperation, Explained {
  let description: ConvolutionDescription
  var kernel: String? { forwardWinograd?.kernel ?? forwardDescriptor.kernel }
  var backwardKernel: String? {
    let kernels = [
      backwardWinograd?.kernel ?? backwardDataDescriptor.kernel,
      weightsWinograd?.kernel ?? backwardParametersDescriptor.kernel,
    ]
    return kernels[0] == kernels[1] ? kernels[0] : kernels.joined(separator: ", ")
  }
  private let runtime: Runtime
  private let forwardDescriptor: PrimitiveDescriptor
  private let backwardDataDescriptor: PrimitiveDescriptor
  private let backwardParametersDescriptor: PrimitiveDescriptor
  private let forwardPass: OnDemand<Primitive>
  private let backwardDataPass: OnDemand<Primitive>
  private let backwardParametersPass: OnDemand<ParametersPass>
  /// Whether Winograd's algorithm may be used: it is allowed, and oneDNN would leave its values in the same layouts.
  private let usesWinograd: Bool
  private lazy var forwardWinograd =
    usesWinograd ? TrainedWinograd(description, gradient: false, on: runtime) : nil
  private lazy var backwardWinograd =
    usesWinograd ? TrainedWinograd(description, gradient: true, on: runtime) : nil
  private lazy var weightsWinograd = usesWinograd ? WinogradWeightsGradient(description, on: runtime) : nil

  init(_ description: ConvolutionDescription, winograd: Bool, on runtime: Runtime) throws(OneDNNError) {
    self.description = description
    self.runtime = runtime
    guard (1...3).contains(description.input.count), description.source.count > 0, description.destination.count > 0,
      !Self.isMiscomputed(description)
    else { throw OneDNNError(operation: "describe a convolution", status: dnnl_unimplemented) }
    let geometry = try DNNConvolutionGeometry(description, on: runtime)
    let (source, destination, forward) = try geometry.bestForward(learns: true)
    let backwardData = try geometry.backwardData(source, destination, after: forward)
    let backwardParameters = try geometry.backwardParameters(source, destination, after: forward)
    if forward.isPlainLoop || backwardData.isPlainLoop || backwardParameters.isPlainLoop {
      throw OneDNNError(operation: "convolve faster than the reference", status: dnnl_unimplemented)
    }
    forwardDescriptor = forward
    backwardDataDescriptor = backwardData
    backwardParametersDescriptor = backwardParameters
    forwardPass = OnDemand(on: runtime) { () throws(OneDNNError) in
      try Primitive(forward, [.source, .weights, .bias, .destination], on: runtime)
    }
    backwardDataPass = OnDemand(on: runtime) { () throws(OneDNNError) in
      try Primitive(backwardData, [.destinationDiff, .weights, .sourceDiff], on: runtime)
    }
    backwardParametersPass = OnDemand(on: runtime) { () throws(OneDNNError) in
      try ParametersPass(backwardParameters, on: runtime)
    }
    let sourceBlocks = try Layout.blocked(description.source.dimensions, of: 16)
    let destinationBlocks = try Layout.blocked(description.destination.dimensions, of: 16)
    let usesBlocks = try forward.layout(.source) == sourceBlocks
    let leavesBlocks = try forward.layout(.destination) == destinationBlocks
    usesWinograd = winograd && usesBlocks && leavesBlocks
  }

  /// oneDNN (up to 3.2 at least) gets the gradient by the weights wrong where, along the depth, more windows than the first
  /// begin in the padding and windows lie more than a pixel apart.
  static func isMiscomputed(_ description: ConvolutionDescription) -> Bool {
    description.input.count == 3 && description.stride[0] > 1 && description.pad[0] > description.stride[0]
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    if let forwardWinograd { return forwardWinograd.run(source, weights: weights, bias: bias, into: destination) }
    guard let pass = forwardPass() else { return }
    pass.read(.source, from: source)
    pass.read(.weights, from: weights)
    if let bias { pass.read(.bias, from: bias) }
    pass.write(.destination, to: destination)
    pass.execute()
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {
    if let backwardWinograd {
      return backwardWinograd.run(destinationDiff, weights: weights, bias: nil, into: sourceDiff)
    }
    guard let pass = backwardDataPass() else { return }
    pass.read(.destinationDiff, from: destinationDiff)
    pass.read(.weights, from: weights)
    pass.write(.sourceDiff, to: sourceDiff)
    pass.execute()
  }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) {
    if let weightsWinograd {
      return weightsWinograd.run(source, destinationDiff, weights: weightsDiff, bias: biasDiff)
    }
    guard let pass = backwardParametersPass() else { return }
    pass.primitive.read(.source, from: source)
    pass.primitive.read(.destinationDiff, from: destinationDiff)
    pass.weightsDiff.prepare(weightsDiff)
    if let biasDiff {
      pass.biasDiff.prepare(biasDiff)
    } else if description.hasBias {
      pass.biasDiff.discard()
    }
    pass.primitive.execute()
    pass.weightsDiff.finish(weightsDiff)
    if let biasDiff { pass.biasDiff.finish(biasDiff) }
  }
}

/// The gradient by the weights and the bias, both of which accumulate.
private struct ParametersPass {
  let primitive: Primitive
  let weightsDiff: AddingOutput
  let biasDiff: AddingOutput

  init(_ descriptor: PrimitiveDescriptor, on runtime: Runtime) throws(OneDNNError) {
    primitive = try Primitive(descriptor, [.source, .destinationDiff, .weightsDiff, .biasDiff], on: runtime)
    weightsDiff = AddingOutput(.weightsDiff, of: primitive, on: runtime)
    biasDiff = AddingOutput(.biasDiff, of: primitive, on: runtime)
  }
}
