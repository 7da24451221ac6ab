internal import CaffeCore
internal import CaffeKernels

/// A convolution by Winograd's algorithm with what follows it.
final class FusedWinograd: FusedConvolutionMethod {
  var kernel: String { winograd.kernel }
  private let description: FusedConvolutionDescription
  private let runtime: Runtime
  private let winograd: WinogradConvolution
  private let source: Layout
  private let destination: Layout
  private var packed: AlignedMemory?
  private var state = DerivedState()

  /// Nil if the convolution cannot be computed so, or is faster computed directly.
  init?(_ description: FusedConvolutionDescription, _ precision: Precision = .float32, on runtime: Runtime) {
    let convolution = description.convolution
    guard precision == .float32 || !description.hasAddend,
      WinogradConvolution.isWorthwhile(convolution, precision, threads: runtime.threads),
      let winograd = WinogradConvolution(convolution, precision, on: runtime),
      let source = try? Layout.blocked(convolution.source.dimensions, of: 16, precision),
      let destination = try? Layout.blocked(convolution.destination.dimensions, of: 16, precision)
    else { return nil }
    self.description = description
    self.runtime = runtime
    self.winograd = winograd
    self.source = source
    self.destination = destination
  }

  func canWrite(_ slice: ChannelSlice) -> Bool {
    !description.hasAddend && slice.isWhole(in: 16, count: description.convolution.outputs)
  }

  func forward(_ operands: FusedConvolutionOperands) {
    let weights = packedWeights(operands.weights)
    let x = operands.source.address(reading: source, on: runtime)
    var epilogue = Epilogue(negativeSlope: description.slope)
    epilogue.scale = operands.scale?.values.baseAddress
    epilogue.shift = operands.shift?.values.baseAddress
    let batch = description.convolution.batch
    let itemStride = destination.storedCount / batch
    if let addend = operands.addend {
      epilogue.addend = addend.pointer(reading: destination, on: runtime)
      epilogue.addendItemStride = itemStride
    }
    let y: UnsafeMutableRawPointer
    if let slice = operands.slice, let whole = destination.relative(slice.whole.dimensions) {
      let size = whole.byteCount / whole.storedCount
      y = operands.destination.completedMemory(in: whole, on: runtime).address + slice.offset * size
    } else {
      y = operands.destination.overwrittenMemory(in: destination, on: runtime).address
    }
    winograd.forward(
      x, sourceItemStride: source.storedCount / batch, packed: weights, epilogue: epilogue, into: y,
      destinationItemStride: operands.slice?.itemStride ?? itemStride)
  }

  private func packedWeights(_ weights: Buffer) -> UnsafePointer<Float> {
    let packed = packed ?? AlignedMemory(byteCount: winograd.packedCount * MemoryLayout<Float>.stride)
    self.packed = packed
    let values = packed.address.assumingMemoryBound(to: Float.self)
    if !state.isCurrent(for: weights) {
      winograd.pack(weights.values.baseAddress!, into: values)
      state.note(weights)
    }
    return UnsafePointer(values)
  }
}
