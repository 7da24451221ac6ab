internal import CaffeCore
internal import CaffeKernels

/// A convolution whose weights change from pass to pass, or its gradient by its source, by Winograd's algorithm.
///
/// The gradient by the source of a convolution with stride 1 is a convolution of the destination's gradient with the weights
/// turned by half a turn, channels and outputs exchanged.
final class LearningWinograd {
  private let runtime: Runtime
  private let winograd: WinogradConvolution
  var kernel: String { winograd.name }
  private let isGradient: Bool
  private let batch: Int
  private let source: Layout
  private let destination: Layout

  /// Nil if the algorithm does not apply, or is not faster although the weights have to be transformed in each pass.
  init?(_ convolution: ConvolutionDescription, gradient isGradient: Bool, on runtime: Runtime) {
    guard let description = isGradient ? convolution.gradientBySource : convolution,
      WinogradConvolution.isWorthwhile(description, learning: true),
      let winograd = WinogradConvolution(description, on: runtime),
      let source = try? Layout.blocked(description.source.dimensions, of: 16),
      let destination = try? Layout.blocked(description.destination.dimensions, of: 16)
    else { return nil }
    self.runtime = runtime
    self.winograd = winograd
    self.isGradient = isGradient
    batch = description.batch
    self.source = source
    self.destination = destination
  }

  func callAsFunction(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let byteCount = winograd.packedCount * MemoryLayout<Float>.stride
    let storage = runtime.pool.take(byteCount: byteCount)
    let packed = storage.address.assumingMemoryBound(to: Float.self)
    winograd.pack(weights.values.baseAddress!, forGradient: isGradient, into: packed)
    let x = source.pointer(reading: self.source, on: runtime)
    let y = destination.pointer(overwriting: self.destination, on: runtime)
    winograd.forward(
      x, sourceItemStride: self.source.storedCount / batch, packed: packed,
      epilogue: Epilogue(shift: bias?.values.baseAddress), into: y,
      destinationItemStride: self.destination.storedCount / batch)
    runtime.pool.giveBack(storage)
  }
}

extension ConvolutionDescription {
  /// The convolution that computes this one's gradient by its source; nil if it takes more than a convolution.
  fileprivate var gradientBySource: ConvolutionDescription? {
    guard stride.allSatisfy({ $0 == 1 }), dilation.allSatisfy({ $0 == 1 }),
      kernel.indices.allSatisfy({ pad[$0] < kernel[$0] })
    else { return nil }
    return ConvolutionDescription(
      batch: batch, channels: outputs, outputs: channels, group: group, input: output, output: input, kernel: kernel,
      stride: stride, pad: kernel.indices.map { kernel[$0] - 1 - pad[$0] }, dilation: dilation, hasBias: false)
  }
}
