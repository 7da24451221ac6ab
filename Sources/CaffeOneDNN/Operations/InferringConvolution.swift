internal import CaffeCore

/// A convolution with values in bfloat16, or in float32 if it can only be computed so, for nets that never run backward.
///
/// Prepared when first asked for its values: where a plan joins the convolution with what follows, nobody asks.
final class InferringConvolution: ConvolutionOperation, Explained {
  let description: ConvolutionDescription
  var kernel: String? { narrow?.kernel ?? (exact as? any Explained)?.kernel }
  private let runtime: Runtime
  private let makeExact: () -> any ConvolutionOperation
  private lazy var narrow: OneDNNFusedConvolution? = {
    let alone = FusedConvolutionDescription(
      convolution: description, hasScale: false, hasAddend: false, slope: nil)
    return try? OneDNNFusedConvolution(alone, .bfloat16, .none, on: runtime)
  }()
  private lazy var exact = makeExact()

  init(
    _ description: ConvolutionDescription, on runtime: Runtime,
    otherwise makeExact: @escaping () -> any ConvolutionOperation
  ) {
    self.description = description
    self.runtime = runtime
    self.makeExact = makeExact
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    guard let narrow else { return exact.forward(source, weights: weights, bias: bias, into: destination) }
    narrow.forward(.init(source: source, weights: weights, shift: bias, destination: destination))
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) { refuseGradient() }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) { refuseGradient() }
}

/// Nets refuse to run backward in any precision but float32 before they ask an operation.
func refuseGradient() -> Never { preconditionFailure("a gradient in bfloat16") }
