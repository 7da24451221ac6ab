internal import CaffeCore
internal import CaffeKernels

/// A convolution of a net that learns, or its gradient by the source, by Winograd's algorithm.
///
/// The gradient by the source is itself a convolution, with each filter turned by 180° and outputs and channels swapped. As
/// the weights are new in each pass, they are transformed in each pass, in memory that all such operations share.
final class TrainedWinograd {
  var kernel: String { winograd.kernel }
  private let runtime: Runtime
  private let winograd: WinogradConvolution
  private let batch: Int
  private let isGradient: Bool
  private let source: Layout
  private let destination: Layout
  /// Of one group.
  private let filters: (outputs: Int, channels: Int, taps: Int)
  private let filterBlocks: Layout?
  private let filterDimensions: [Int]

  /// Nil if the pass cannot be computed so, or is faster computed directly.
  init?(_ description: ConvolutionDescription, gradient isGradient: Bool, on runtime: Runtime) {
    let pass = isGradient ? Self.gradient(description) : description
    guard let pass, WinogradConvolution.bestPoints(pass, threads: runtime.threads, packs: true) != nil,
      let winograd = WinogradConvolution(pass, on: runtime),
      let source = try? Layout.blocked(pass.source.dimensions, of: 16),
      let destination = try? Layout.blocked(pass.destination.dimensions, of: 16)
    else { return nil }
    self.runtime = runtime
    self.winograd = winograd
    self.isGradient = isGradient
    self.source = source
    self.destination = destination
    batch = description.batch
    let group = description.group
    filters = (
      description.outputs / group, description.channels / group, description.kernel.reduce(1, *)
    )
    filterDimensions = (group > 1 ? [group] : []) + [filters.outputs, filters.channels] + description.kernel
    filterBlocks = try? .filterBlocks(filterDimensions)
  }

  /// The convolution that maps the gradient of the destination to that of the source.
  private static func gradient(_ description: ConvolutionDescription) -> ConvolutionDescription? {
    guard description.stride.allSatisfy({ $0 == 1 }), description.dilation.allSatisfy({ $0 == 1 }) else { return nil }
    let pad = zip(description.kernel, description.pad).map { $0 - 1 - $1 }
    guard pad.allSatisfy({ $0 >= 0 }) else { return nil }
    return ConvolutionDescription(
      batch: description.batch, channels: description.outputs, outputs: description.channels, group: description.group,
      input: description.output, output: description.input, kernel: description.kernel, stride: description.stride,
      pad: pad, dilation: description.dilation, hasBias: false)
  }

  func run(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let packed = runtime.pool.take(byteCount: winograd.packedCount * MemoryLayout<Float>.stride)
    defer { runtime.pool.giveBack(packed) }
    let packedWeights = packed.address.assumingMemoryBound(to: Float.self)
    pack(weights, into: packedWeights)
    let x = source.pointer(reading: self.source, on: runtime)
    let shift = bias?.values.baseAddress
    let y = destination.pointer(overwriting: self.destination, on: runtime)
    winograd.forward(
      x, sourceItemStride: self.source.storedCount / batch, packed: packedWeights,
      epilogue: Epilogue(shift: shift.map { UnsafePointer($0) }), into: y,
      destinationItemStride: self.destination.storedCount / batch)
  }

  /// Transforms the weights from the layout in which the last update has left them.
  private func pack(_ weights: Buffer, into packed: UnsafeMutablePointer<Float>) {
    var order = FilterOrder.rowMajor(channels: filters.channels, taps: filters.taps)
    var values: UnsafePointer<Float>
    if let filterBlocks, weights.currentLayout(of: filterDimensions) == filterBlocks {
      order = .blocked(channels: filters.channels, taps: filters.taps)
      values = weights.pointer(reading: filterBlocks, on: runtime)
    } else {
      values = UnsafePointer(weights.values.baseAddress!)
    }
    winograd.pack(values, in: isGradient ? order.transposed(taps: filters.taps) : order, into: packed)
  }
}
