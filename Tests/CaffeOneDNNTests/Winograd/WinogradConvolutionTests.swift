import CaffeCore
import CaffeKernels
import CaffeOneDNN
import Testing

@Suite struct `Winograd convolution` {
  static let descriptions = [
    convolution(16, 16, input: [8, 8], kernel: 3, pad: 1),
    convolution(64, 64, input: [9, 13], kernel: 3, pad: 1),
    convolution(64, 48, input: [14, 14], kernel: 3, pad: 1),
    convolution(batch: 1, 128, 64, input: [7, 7], kernel: 3, pad: 1),
    convolution(batch: 3, 20, 50, input: [12, 12], kernel: 5),
    convolution(batch: 5, 32, 32, input: [16, 16], kernel: 5, pad: 2),
    convolution(3, 5, input: [11, 10], kernel: 3),
    convolution(17, 33, input: [5, 4], kernel: 3, pad: 2),
    convolution(32, 96, group: 2, input: [13, 13], kernel: 3, pad: 1),
    convolution(96, 64, group: 2, input: [9, 9], kernel: 5, pad: 2, hasBias: false),
    convolution(batch: 1, 16, 16, input: [1, 1], kernel: 3, pad: 1),
    convolution(batch: 1, 16, 16, input: [3, 3], kernel: 3),
    convolution(batch: 7, 40, 24, input: [20, 6], kernel: 5, pad: 1),
  ]

  static let schedules: [WinogradConvolution.Schedule?] = [
    nil, .init(division: .tiles, chunk: 5), .init(division: .outputs, chunk: 15), .init(division: .outputs, chunk: 500),
  ]

  @Test(arguments: descriptions, schedules)
  func `agrees with the reference`(description: ConvolutionDescription, schedule: WinogradConvolution.Schedule?) {
    for threads in [1, 3] {
      guard
        let operation = OneDNNEngine(threads: threads).winogradConvolution(description, schedule: schedule)
      else { return }
      let operands = Operands(description)
      expectClose(operands.run(operation), operands.plain, tolerance: 1e-4, "\(threads) threads")
    }
  }

  @Test(arguments: [descriptions[4], descriptions[8], descriptions[7]])
  func `applies scale, shift, addend and rectifier in one pass`(description: ConvolutionDescription) throws {
    guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
    var operands = Operands(description)
    operands.scale = randomBuffer(description.outputs, seed: 11).array
    operands.addend = randomBuffer(description.destination.count, seed: 12).array
    operands.negativeSlope = 0.1
    let pixels = description.output.reduce(1, *)
    let sums = operands.withoutBias
    let expected = sums.indices.map { i in
      let c = i / pixels % description.outputs
      let y = operands.scale![c] * sums[i] + (operands.shift?[c] ?? 0) + operands.addend![i]
      return y > 0 ? y : 0.1 * y
    }
    expectClose(operands.run(operation), expected, tolerance: 1e-4)
    expectClose(operands.run(operation, addendIsDestination: true), expected, tolerance: 1e-4, "in place")
    operands.negativeSlope = 0
    expectClose(operands.run(operation), expected.map { max($0, 0) }, tolerance: 1e-4, "without a slope")
  }

  @Test func `reads and writes slices of larger tensors`() {
    let description = convolution(batch: 3, 16, 32, input: [6, 6], kernel: 3, pad: 1)
    guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
    let operands = Operands(description)
    expectClose(operands.run(operation, sourceGap: 96, destinationGap: 160), operands.plain, tolerance: 1e-4)
  }

  @Test func `passes on what is not a number, but not into the padding of a block`() {
    let description = convolution(batch: 1, 3, 5, input: [8, 8], kernel: 3, pad: 1)
    guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
    var operands = Operands(description)
    operands.source[27] = .nan
    let result = operands.run(operation)
    for (y, expected) in zip(result, Operands.reference(description, operands.source, operands.weights, operands.shift))
    {
      #expect(y.isNaN || !expected.isNaN)
    }
    #expect(result.contains { !$0.isNaN })
  }

  @Test(arguments: descriptions)
  func `rounds to bfloat16 what it computes in float32`(description: ConvolutionDescription) throws {
    let engine = OneDNNEngine()
    guard let wide = engine.winogradConvolution(description) else { return }
    let narrow = try #require(engine.winogradConvolution(description, .bfloat16))
    var operands = Operands(description)
    operands.source = operands.source.map(roundedToBFloat16)
    operands.negativeSlope = 0.1
    let expected = operands.run(wide).map(roundedToBFloat16)
    let differences = zip(operands.runNarrow(narrow), expected).filter { $0 != $1 }
    #expect(differences.isEmpty, "\(differences.prefix(5)) of \(expected.count)")
    operands.source[0] = .nan
    #expect(operands.runNarrow(narrow).map(\.isNaN) == operands.run(wide).map(\.isNaN))
  }

  @Test func `is exact to a few units in the last place`() {
    for (channels, kernel, pad) in [(64, 3, 1), (512, 3, 1), (128, 5, 2)] {
      let description = convolution(batch: 1, channels, 32, input: [14, 14], kernel: kernel, pad: pad, hasBias: false)
      guard let operation = OneDNNEngine().winogradConvolution(description) else { return }
      let operands = Operands(description)
      let exact = operands.exact
      let largest = exact.map(abs).max()!
      let error = zip(operands.run(operation), exact).map { abs(Double($0) - $1) }.max()!
      #expect(error < 1e-5 * largest)
    }
  }

  @Test func `refuses what it cannot do`() {
    let engine = OneDNNEngine()
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 3, stride: 2)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 3, dilation: 2)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8, 8], kernel: 7)) == nil)
    #expect(engine.winogradConvolution(convolution(6, 9, group: 3, input: [8, 8], kernel: 3)) == nil)
    #expect(engine.winogradConvolution(convolution(16, 16, input: [8], kernel: 3)) == nil)
    #expect(engine.winogradConvolution(convolution(batch: 0, 16, 16, input: [8, 8], kernel: 3)) == nil)
  }
}

/// Random operands of a convolution in row-major order.
private struct Operands {
  let description: ConvolutionDescription
  var source: [Float]
  let weights: [Float]
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

  /// Runs the operation on blocks of 16 channels, with so many floats between items.
  func run(
    _ operation: WinogradConvolution, addendIsDestination: Bool = false, sourceGap: Int = 0, destinationGap: Int = 0
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
    let epilogue = Epilogue(
      scale: scale?.constant, shift: shift?.constant, addend: sums?.memory.constant,
      addendItemStride: sums?.itemStride ?? 0, negativeSlope: negativeSlope)
    withExtendedLifetime((scale, shift)) {
      operation.forward(
        source.memory.address, sourceItemStride: source.itemStride, packed: packed.address, epilogue: epilogue,
        into: destination.memory.address, destinationItemStride: destination.itemStride)
    }
    return destination.rowMajor()
  }

  /// The same with activations in bfloat16, without scale and addend.
  func runNarrow(_ operation: WinogradConvolution) -> [Float] {
    let weights = Memory(self.weights)
    let packed = Memory(count: operation.packedCount)
    operation.pack(weights.address, into: packed.address)
    let source = Blocks(
      self.source, batch: description.batch, channels: description.channels, pixels: description.input.reduce(1, *),
      gap: 0)
    let destination = Blocks(
      nil, batch: description.batch, channels: description.outputs, pixels: description.output.reduce(1, *), gap: 0)
    let shift = self.shift.map(Memory.init)
    let halves = (0..<description.batch * source.itemStride).map { UInt16(source.memory.address[$0].bitPattern >> 16) }
    var result = [UInt16](repeating: 0x7fc0, count: description.batch * destination.itemStride)
    withExtendedLifetime((weights, shift)) {
      operation.forward(
        halves, sourceItemStride: source.itemStride, packed: packed.address,
        epilogue: Epilogue(shift: shift?.constant, negativeSlope: negativeSlope), into: &result,
        destinationItemStride: destination.itemStride)
    }
    for (i, half) in result.enumerated() { destination.memory.address[i] = Float(bitPattern: UInt32(half) << 16) }
    return destination.rowMajor()
  }
}

/// The nearest number with 8 significant bits; of two equally near, the one that ends in 0.
private func roundedToBFloat16(_ value: Float) -> Float {
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

  /// The values, after a look at the padding of the last block, which must be zero, and at the gaps, which nobody may write.
  func rowMajor() -> [Float] {
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
