internal import CaffeCore
internal import CaffeKernels

/// A depthwise separable convolution on values in blocks of 16 channels.
final class OneDNNSeparableConvolution: SeparableConvolutionOperation, Explained {
  let description: SeparableConvolutionDescription
  var kernel: String? { panels.kernel }
  private let panels: DepthwisePanels
  private let pointwise: FusedBlockedConvolution
  private let filters: AlignedMemory
  private let state = DerivedState()

  /// Nil where `DepthwisePanels` cannot compute both.
  init?(_ description: SeparableConvolutionDescription, on runtime: Runtime, chunk: Int? = nil) {
    guard let panels = DepthwisePanels(description, on: runtime, chunk: chunk),
      let pointwise = FusedBlockedConvolution(
        description.pointwise, by: panels, reading: description.depthwise.convolution, on: runtime)
    else { return nil }
    self.description = description
    self.panels = panels
    self.pointwise = pointwise
    filters = AlignedMemory(byteCount: panels.pixels.packedWeights * MemoryLayout<Float>.stride)
  }

  func forward(depthwise: FusedConvolutionOperands, pointwise: FusedConvolutionOperands) {
    let packed = filters.address.assumingMemoryBound(to: Float.self)
    if !state.isCurrent(for: depthwise.weights) {
      panels.pixels.packWeights(depthwise.weights.values.baseAddress!, into: packed)
      state.note(depthwise.weights)
    }
    panels.filters = .init(
      packed: packed,
      epilogue: Epilogue(
        scale: depthwise.scale.map { UnsafePointer($0.values.baseAddress!) },
        shift: depthwise.shift.map { UnsafePointer($0.values.baseAddress!) },
        negativeSlope: description.depthwise.slope))
    self.pointwise.forward(pointwise, reading: depthwise.source)
  }
}
