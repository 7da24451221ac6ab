import CaffeCore
import CaffeOneDNN
import Testing

/// Random values between −1 and 1, the same in every run.
func randomBuffer(_ count: Int, seed: UInt64) -> Buffer {
  var random = Random(seed: seed)
  let buffer = Buffer(count: count)
  let values = buffer.uninitializedValues
  for i in values.indices { values[i] = random.uniform(-1, 1) }
  return buffer
}

func buffer(_ values: [Float]) -> Buffer {
  let buffer = Buffer(count: values.count)
  _ = buffer.uninitializedValues.update(from: values)
  return buffer
}

extension Buffer {
  var array: [Float] { Array(values) }

  /// Another buffer with these values in the host form alone.
  var copied: Buffer { buffer(array) }
}

/// Expects |a − b| ≤ tolerance · max(1, |b|) for all values: rounding errors grow with the length of the sums.
func expectClose(
  _ a: Buffer, _ b: Buffer, tolerance: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(a.array, b.array, tolerance: tolerance, what, sourceLocation: sourceLocation)
}

func expectClose(
  _ a: [Float], _ b: [Float], tolerance: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(a.count == b.count, sourceLocation: sourceLocation)
  let wrong = zip(a, b).enumerated().filter { _, pair in
    !(abs(pair.0 - pair.1) <= tolerance * max(1, abs(pair.1))) && pair.0 != pair.1 && !(pair.0.isNaN && pair.1.isNaN)
  }
  #expect(
    wrong.isEmpty,
    "\(what): \(wrong.count) of \(a.count) values differ, the first: \(wrong.first.map { "\($0)" } ?? "")",
    sourceLocation: sourceLocation)
}

/// How many places along an axis a window fits.
func outputs(_ input: Int, kernel: Int, stride: Int = 1, pad: Int = 0, dilation: Int = 1) -> Int {
  (input + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1
}

/// A convolution that is alike along all axes.
func convolution(
  batch: Int = 2, _ channels: Int, _ outputCount: Int, group: Int = 1, input: [Int], kernel: Int, stride: Int = 1,
  pad: Int = 0, dilation: Int = 1, hasBias: Bool = true
) -> ConvolutionDescription {
  ConvolutionDescription(
    batch: batch, channels: channels, outputs: outputCount, group: group, input: input,
    output: input.map { outputs($0, kernel: kernel, stride: stride, pad: pad, dilation: dilation) },
    kernel: input.map { _ in kernel }, stride: input.map { _ in stride }, pad: input.map { _ in pad },
    dilation: input.map { _ in dilation }, hasBias: hasBias)
}
