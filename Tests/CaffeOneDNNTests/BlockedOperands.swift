import CaffeCore
import CaffeKernels
import CaffeOneDNN
import Testing

/// Random operands of a convolution in row-major order, for convolutions on blocks of 16 channels.
struct BlockedOperands {
  let description: ConvolutionDescription
  var source: [Float]
  var weights: [Float]
  var scale: [Float]?
  let shift: [Float]?
  var addend: [Float]?
  var negativeSlope: Float?

  init(_ description: ConvolutionDescription) {
    self.description = description
    source = randomBuffer(description.source.count, seed: 1).array
    weights = randomBuffer(description.weights.count, seed: 2).array
    shift = description.hasBias ? randomBuffer(description.outputs, seed: 3).array : nil
  }

  static func reference(
    _ description: ConvolutionDescription, _ source: [Float], _ weights: [Float], _ bias: [Float]?
  ) -> [Float] {
    let destination = Buffer(count: description.destination.count)
    ReferenceEngine().convolution(description).forward(
      buffer(source), weights: buffer(weights), bias: bias.map(buffer), into: destination)
    return destination.array
  }

  var plain: [Float] { Self.reference(description, source, weights, shift) }

  var withoutBias: [Float] {
    var description = description
    description.hasBias = false
    return Self.reference(description, source, weights, nil)
  }

  /// What the reference gives, with scale, addend and rectifier.
  var finished: [Float] {
    let pixels = description.output.reduce(1, *)
    let sums = withoutBias
    return sums.indices.map { i in
      let c = i / pixels % description.outputs
      let y = (scale?[c] ?? 1) * sums[i] + (shift?[c] ?? 0) + (addend?[i] ?? 0)
      return y > 0 ? y : (negativeSlope ?? 1) * y
    }
  }

  /// The convolution in double precision, for one item and one group.
  var exact: [Double] {
    let (height, width) = (description.input[0], description.input[1])
    let (kernel, pad) = (description.kernel[0], description.pad[0])
    let (outputHeight, outputWidth) = (description.output[0], description.output[1])
    return (0..<description.destination.count).map { index in
      let (k, y, x) = (
        index / (outputHeight * outputWidth), index / outputWidth % outputHeight - pad, index % outputWidth - pad
      )
      var sum = 0.0
      for c in 0..<description.channels {
        for i in 0..<kernel where y + i >= 0 && y + i < height {
          for j in 0..<kernel where x + j >= 0 && x + j < width {
            let pixel = source[(c * height + y + i) * width + x + j]
            let weight = weights[((k * description.channels + c) * kernel + i) * kernel + j]
            sum += Double(pixel) * Double(weight)
          }
        }
      }
      return sum
    }
  }

  /// The same with all that a kernel for bfloat16 reads rounded to that, but for scale and shift.
  var rounded: BlockedOperands {
    var rounded = self
    rounded.source = source.map(roundedToBFloat16)
    rounded.weights = weights.map(roundedToBFloat16)
    rounded.addend = addend?.map(roundedToBFloat16)
    return rounded
  }

  /// Runs the operation on blocks of 16 channels, with so many values between items.
  ///
  /// - Parameter precision: that of the activations.
  func run(
    _ operation: any BlockedConvolution, _ precision: Precision = .float32, addendIsDestination: Bool = false,
    sourceGap: Int = 0, destinationGap: Int = 0
  ) -> [Float] {
    let weights = Memory(self.weights)
    let packed = Memory(count: operation.packedCount)
    operation.pack(weights.address, into: packed.address)
    let source = Blocks(
      self.source, batch: description.batch, channels: description.channels, pixels: description.input.reduce(1, *),
      gap: sourceGap)
    let pixels = description.output.reduce(1, *)
    let sums = addend.map {
      Blocks($0, batch: description.batch, channels: description.outputs, pixels: pixels, gap: 32)
    }
    let destination =
      addendIsDestination
      ? sums!
      : Blocks(nil, batch: description.batch, channels: description.outputs, pixels: pixels, gap: destinationGap)
    let (scale, shift) = (self.scale.map(Memory.init), self.shift.map(Memory.init))
    let x = source.stored(precision)
    let addend = sums?.stored(precision)
    let y = addendIsDestination ? addend! : destination.stored(precision)
    let epilogue = Epilogue(
      scale: scale?.constant, shift: shift?.constant, addend: addend?.constant,
      addendItemStride: sums?.itemStride ?? 0, negativeSlope: negativeSlope)
    withExtendedLifetime((scale, shift, addend)) {
      operation.forward(
        x.address, sourceItemStride: source.itemStride, packed: packed.address, epilogue: epilogue, into: y.address,
        destinationItemStride: destination.itemStride)
    }
    return destination.rowMajor(y, precision)
  }
}

/// The nearest number with 8 significant bits; of two equally near, the one that ends in 0.
func roundedToBFloat16(_ value: Float) -> Float {
  guard value.isFinite else { return value }
  let below = Float(bitPattern: value.bitPattern & 0xffff_0000)
  let above = Float(bitPattern: below.bitPattern + 0x1_0000)
  let (distance, other) = (abs(value - below), abs(above - value))
  if distance == other { return below.bitPattern & 0x1_0000 == 0 ? below : above }
  return distance < other ? below : above
}

/// Floats at an address divisible by 64.
private final class Memory {
  let address: UnsafeMutablePointer<Float>
  var constant: UnsafePointer<Float> { UnsafePointer(address) }

  init(count: Int) {
    address = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: count)
    address.initialize(repeating: .nan, count: count)
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (i, value) in values.enumerated() { address[i] = value }
  }

  deinit { address.deallocate() }
}

/// A tensor in blocks of 16 channels; what lies between its items is not a number.
private struct Blocks {
  let memory: Memory
  let batch: Int
  let channels: Int
  let pixels: Int
  let itemStride: Int

  private var blocks: Int { (channels + 15) / 16 }

  /// - Parameter values: In row-major order; nil leaves all of it not a number.
  init(_ values: [Float]?, batch: Int, channels: Int, pixels: Int, gap: Int) {
    (self.batch, self.channels, self.pixels) = (batch, channels, pixels)
    itemStride = (channels + 15) / 16 * pixels * 16 + gap
    memory = Memory(count: batch * itemStride)
    guard let values else { return }
    for n in 0..<batch {
      for c in 0..<(blocks * 16) {
        for i in 0..<pixels {
          memory.address[offset(n, c, i)] = c < channels ? values[(n * channels + c) * pixels + i] : 0
        }
      }
    }
  }

  private func offset(_ item: Int, _ channel: Int, _ pixel: Int) -> Int {
    item * itemStride + (channel / 16 * pixels + pixel) * 16 + channel % 16
  }

  /// The values as they are stored: in bfloat16 they are its upper half, two in the place of one.
  func stored(_ precision: Precision) -> Memory {
    guard precision == .bfloat16 else { return memory }
    let narrow = Memory(count: (batch * itemStride + 1) / 2)
    narrow.address.withMemoryRebound(to: UInt16.self, capacity: batch * itemStride) {
      for i in 0..<(batch * itemStride) { $0[i] = UInt16(memory.address[i].bitPattern >> 16) }
    }
    return narrow
  }

  /// The values, after a look at the padding of the last block, which must be zero, and at the gaps, which nobody may write.
  func rowMajor(_ stored: Memory, _ precision: Precision) -> [Float] {
    if precision == .bfloat16 {
      stored.address.withMemoryRebound(to: UInt16.self, capacity: batch * itemStride) {
        for i in 0..<(batch * itemStride) { memory.address[i] = Float(bitPattern: UInt32($0[i]) << 16) }
      }
    }
    var values: [Float] = []
    for n in 0..<batch {
      for c in 0..<channels { for i in 0..<pixels { values.append(memory.address[offset(n, c, i)]) } }
      let padding = (channels..<(blocks * 16)).flatMap { c in (0..<pixels).map { memory.address[offset(n, c, $0)] } }
      #expect(padding.allSatisfy { $0 == 0 })
      let gap = (blocks * pixels * 16)..<itemStride
      #expect(gap.allSatisfy { memory.address[n * itemStride + $0].isNaN })
    }
    return values
  }
}
