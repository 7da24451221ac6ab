internal import CaffeCore
internal import CaffeKernels

/// A convolution by kernels of our own with what follows it.
final class FusedBlockedConvolution: FusedConvolutionMethod {
  var kernel: String { convolution.kernel }
  private let description: FusedConvolutionDescription
  private let runtime: Runtime
  private let convolution: any BlockedConvolution
  private let source: Layout
  private let destination: Layout
  private let filterBlocks: Layout?
  private var packed: AlignedMemory?
  private let state = DerivedState()

  /// Nil if the convolution can be computed by none of these kernels, or is faster computed directly by oneDNN.
  convenience init?(
    _ description: FusedConvolutionDescription, _ precision: Precision, _ kernels: KernelChoice, on runtime: Runtime
  ) {
    let convolution = description.convolution
    let threads = runtime.threads
    if kernels.winograd,
      let points = WinogradConvolution.bestPoints(convolution, precision, threads: threads, panels: kernels.panels),
      let winograd = WinogradConvolution(
        convolution, precision, points: points, on: runtime, mayTransformWeights: true)
    {
      self.init(description, precision, by: winograd, on: runtime)
    } else if kernels.panels, PanelConvolution.isWorthwhile(convolution, precision, threads: threads),
      let panels = PanelConvolution(convolution, precision, on: runtime)
    {
      self.init(description, precision, by: panels, on: runtime)
    } else {
      return nil
    }
  }

  /// - Parameter reading: the convolution whose source is read, if the kernels compute that one as well.
  init?(
    _ description: FusedConvolutionDescription, _ precision: Precision = .float32,
    by convolution: any BlockedConvolution, reading first: ConvolutionDescription? = nil, on runtime: Runtime
  ) {
    guard
      let source = try? Layout.blocked((first ?? description.convolution).source.dimensions, of: 16, precision),
      let destination = try? Layout.blocked(description.convolution.destination.dimensions, of: 16, precision)
    else { return nil }
    self.description = description
    self.runtime = runtime
    self.convolution = convolution
    self.source = source
    self.destination = destination
    filterBlocks = convolution.takesFilterBlocks ? try? .filterBlocks(of: description.convolution) : nil
  }

  func canWrite(_ slice: ChannelSlice) -> Bool {
    !description.hasAddend && slice.isWhole(in: 16, count: description.convolution.outputs)
  }

  func forward(_ operands: FusedConvolutionOperands) { forward(operands, reading: operands.source) }

  func forward(_ operands: FusedConvolutionOperands, reading sourceBuffer: Buffer) {
    let weights = packedWeights(operands.weights)
    let x = sourceBuffer.address(reading: source, on: runtime)
    let batch = description.convolution.batch
    let itemStride = destination.storedCount / batch
    var epilogue = Epilogue(negativeSlope: description.slope)
    epilogue.scale = operands.scale?.values.baseAddress
    epilogue.shift = operands.shift?.values.baseAddress
    epilogue.addendItemStride = itemStride
    let y: UnsafeMutableRawPointer
    if let addend = operands.addend, operands.mayConsumeAddend, addend !== sourceBuffer {
      // In its memory, which has been in the caches more recently than any other.
      operands.destination.takeValues(of: addend, in: destination, consuming: true, on: runtime)
      y = operands.destination.address(updating: destination, on: runtime)
      epilogue.addend = UnsafePointer(y.assumingMemoryBound(to: Float.self))
    } else {
      epilogue.addend = operands.addend?.address(reading: destination, on: runtime).assumingMemoryBound(to: Float.self)
      if let slice = operands.slice, let whole = destination.relative(slice.whole.dimensions) {
        let size = whole.byteCount / whole.storedCount
        y = operands.destination.completedMemory(in: whole, on: runtime).address + slice.offset * size
      } else {
        y = operands.destination.overwrittenMemory(in: destination, on: runtime).address
      }
    }
    convolution.forward(
      x, sourceItemStride: source.storedCount / batch, packed: weights, epilogue: epilogue, into: y,
      destinationItemStride: operands.slice?.itemStride ?? itemStride)
  }

  private func packedWeights(_ weights: Buffer) -> UnsafePointer<Float> {
    if let filterBlocks {
      let values = weights.pointer(reading: filterBlocks, on: runtime)
      // Nobody needs them in another order for now.
      weights.dropHostForm()
      return values
    }
    let packed = packed ?? AlignedMemory(byteCount: convolution.packedCount * MemoryLayout<Float>.stride)
    self.packed = packed
    let values = packed.address.assumingMemoryBound(to: Float.self)
    if !state.isCurrent(for: weights) {
      convolution.pack(weights.values.baseAddress!, into: values)
      state.note(weights)
    }
    return UnsafePointer(values)
  }
}
