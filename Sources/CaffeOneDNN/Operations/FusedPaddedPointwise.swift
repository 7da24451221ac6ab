internal import CaffeCore

/// A convolution of single pixels with padding around them, and what follows it.
///
/// oneDNN knows no better way for these than products of row-major matrices. So the convolution is computed without padding; what
/// lies around is the same everywhere: what becomes of zeros.
final class FusedPaddedPointwise: FusedConvolutionMethod {
  private let description: FusedConvolutionDescription
  private let runtime: Runtime
  private let inner: any FusedConvolutionMethod
  private let innerShape: Shape
  private let innerResult = Buffer()

  var kernel: String { "\(inner.kernel), then padded" }

  /// Nil for convolutions of another form.
  ///
  /// - Parameter kernels: which of ours may compute what lies inside.
  init?(
    _ description: FusedConvolutionDescription, _ precision: Precision = .float32,
    kernels: KernelChoice = .none,
    on runtime: Runtime
  ) {
    var bare = description
    let convolution = description.convolution
    guard convolution.input.count == 2, convolution.kernel == [1, 1], convolution.stride == [1, 1],
      convolution.pad != [0, 0], !description.hasAddend,
      (0..<2).allSatisfy({ convolution.output[$0] == convolution.input[$0] + 2 * convolution.pad[$0] })
    else { return nil }
    bare.convolution.pad = [0, 0]
    bare.convolution.output = convolution.input
    let blocked = FusedBlockedConvolution(bare, precision, kernels, on: runtime)
    guard
      let inner: any FusedConvolutionMethod = blocked ?? (try? FusedDirectConvolution(bare, precision, on: runtime))
    else { return nil }
    self.description = description
    self.runtime = runtime
    self.inner = inner
    innerShape = bare.convolution.destination
    innerResult.resize(to: innerShape.count)
  }

  func canWrite(_ slice: ChannelSlice) -> Bool { false }

  func forward(_ operands: FusedConvolutionOperands) {
    inner.forward(
      FusedConvolutionOperands(
        source: operands.source, weights: operands.weights, scale: operands.scale, shift: operands.shift,
        destination: innerResult))

    let convolution = description.convolution
    let layout = innerResult.currentLayout(of: innerShape.dimensions)
    let whole = layout?.relative(convolution.destination.dimensions)
    let block = whole?.channelBlock ?? 1
    let source = innerResult.pointer(reading: whole == nil ? nil : layout, on: runtime)
    let destination = operands.destination.pointer(overwriting: whole, on: runtime)
    let border = border(shift: operands.shift, block: block)
    let (height, width) = (convolution.output[0], convolution.output[1])
    let (top, left) = (convolution.pad[0], convolution.pad[1])
    let row = convolution.input[1] * block
    let blocks = border.count / block
    runtime.parallelFor(convolution.batch * blocks, grain: 1) { planes in
      for plane in planes {
        let value = border[(plane % blocks * block)...].prefix(block)
        let x = source + plane * convolution.input[0] * row
        let y = destination + plane * height * width * block
        for r in 0..<height {
          let line = y + r * width * block
          let isInside = (top..<height - top).contains(r)
          for column in 0..<width where !isInside || column < left || column >= width - left {
            for (i, v) in value.enumerated() { line[column * block + i] = v }
          }
          if isInside { (line + left * block).update(from: x + (r - top) * row, count: row) }
        }
      }
    }
  }

  /// What becomes of zeros in each channel; zero in channels that only fill up a block.
  private func border(shift: Buffer?, block: Int) -> [Float] {
    let outputs = description.convolution.outputs
    var values = [Float](repeating: 0, count: (outputs + block - 1) / block * block)
    guard let shift = shift?.values else { return values }
    for channel in 0..<outputs {
      let value = shift[channel]
      values[channel] = value < 0 ? (description.slope ?? 1) * value : value
    }
    return values
  }
}
