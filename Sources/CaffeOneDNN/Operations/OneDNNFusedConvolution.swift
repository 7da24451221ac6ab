internal import CaffeCore

/// A convolution with what follows it, by the fastest method that can compute it.
///
/// - Note: oneDNN's rectifier turns a NaN into 0.
final class OneDNNFusedConvolution: FusedConvolutionOperation, Explained {
  let description: FusedConvolutionDescription
  var kernel: String? { method.kernel }
  private let method: any FusedConvolutionMethod

  init(
    _ description: FusedConvolutionDescription, _ precision: Precision, _ kernels: KernelChoice, on runtime: Runtime
  ) throws(OneDNNError) {
    self.description = description
    if precision == .bfloat16, let method = FusedPaddedPointwise(description, precision, on: runtime) {
      self.method = method
    } else if precision == .bfloat16, let method = FusedBlockedConvolution(description, precision, kernels, on: runtime)
    {
      self.method = method
    } else if precision == .bfloat16, let method = try? FusedDirectConvolution(description, precision, on: runtime) {
      self.method = method
    } else if let method = FusedBlockedConvolution(description, .float32, kernels, on: runtime) {
      self.method = method
    } else if let method = FusedPaddedPointwise(description, kernels: kernels, on: runtime) {
      self.method = method
    } else {
      method = try FusedDirectConvolution(description, on: runtime)
    }
  }

  func canWrite(_ slice: ChannelSlice) -> Bool { method.canWrite(slice) }

  func forward(_ operands: FusedConvolutionOperands) { method.forward(operands) }
}

/// A way to compute a fused convolution.
protocol FusedConvolutionMethod: AnyObject {
  var kernel: String { get }
  func canWrite(_ slice: ChannelSlice) -> Bool
  func forward(_ operands: FusedConvolutionOperands)
}
