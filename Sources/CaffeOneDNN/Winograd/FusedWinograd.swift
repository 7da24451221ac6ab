internal import CaffeCore
internal import CaffeKernels

/// A convolution by Winograd's algorithm with what follows it.
final class FusedWinograd: FusedConvolutionMethod {
  var kernel: String { winograd.name }
  private let description: FusedConvolutionDescription
  private let runtime: Runtime
  private let winograd: WinogradConvolution
  private let source: Layout
  private let destination: Layout
  private var packed: AlignedMemory?
  private var state = DerivedState()

  /// Nil if the convolution cannot be computed so, or is faster computed directly.
  init?(_ description: FusedConvolutionDescription, on runtime: Runtime) {
    let convolution = description.convolution
    guard WinogradConvolution.isWorthwhile(convolution), let winograd = WinogradConvolution(convolution, on: runtime),
      let source = try? Layout.blocked(convolution.source.dimensions, of: 16),
      let destination = try? Layout.blocked(convolution.destination.dimensions, of: 16)
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
    let x = operands.source.pointer(reading: source, on: runtime)
    var epilogue = Epilogue(negativeSlope: description.slope)
    epilogue.scale = operands.scale?.values.baseAddress
    epilogue.shift = operands.shift?.values.baseAddress
    let batch = description.convolution.batch
    let itemStride = destination.storedCount / batch
    if let addend = operands.addend {
      epilogue.addend = addend.pointer(reading: destination, on: runtime)
      epilogue.addendItemStride = itemStride
    }
    let y: UnsafeMutablePointer<Float>
    if let slice = operands.slice, let whole = destination.relative(slice.whole.dimensions) {
      y = operands.destination.pointer(completing: whole, on: runtime) + slice.offset
    } else {
      y = operands.destination.pointer(overwriting: destination, on: runtime)
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

extension WinogradConvolution {
  /// What the algorithm is called, for people who look at what runs.
  var name: String { "winograd F(\(tiles.size)×\(tiles.size), \(tiles.kernel)×\(tiles.kernel))" }

  /// Whether the algorithm is faster than the direct way, by an estimate in the units of one product.
  ///
  /// The direct way takes about as long as its products. Here there are fewer, but the transformed weights are several times
  /// as large and come from memory each time, and few tiles or channels do not fill the kernels.
  ///
  /// - Parameter learning: whether the weights change from pass to pass, and so are transformed in each.
  static func isWorthwhile(_ description: ConvolutionDescription, learning: Bool = false) -> Bool {
    let (channels, outputs) = (description.channels / description.group, description.outputs / description.group)
    guard description.kernel == [3, 3] || description.kernel == [5, 5], min(channels, outputs) >= 16 else {
      return false
    }
    let kernel = description.kernel[0]
    let side = 7 - kernel
    let tiles = description.batch * description.output.reduce(1) { $0 * (($1 + side - 1) / side) }
    let direct = description.batch * description.output.reduce(1, *) * channels * outputs * kernel * kernel
    let products = 36 * (tiles + 13) / 14 * 14 * channels * ((outputs + 31) / 32 * 32)
    let transforms = 36 * tiles * (channels + outputs) * 16
    // At 45 GB/s a float takes as long as some 20 products of one of two processors.
    let weights = 36 * channels * outputs * (learning ? 60 : 20)
    return products + transforms + weights < direct
  }
}
