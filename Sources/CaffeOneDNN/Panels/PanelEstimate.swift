internal import CaffeCore
internal import CaffeKernels

extension PanelConvolution {
  /// Whether panels are estimated to be faster than oneDNN's direct way.
  static func isWorthwhile(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, threads: Int
  ) -> Bool {
    guard let seconds = seconds(description, precision, threads: threads) else { return false }
    // oneDNN's kernels of single pixels wait for their weights, whatever the width; none was found faster than ours.
    return (description.kernel == [1, 1] && description.pad == [0, 0])
      || seconds < DirectEstimate.seconds(description, precision, threads: threads)
  }

  /// An estimate; nil for convolutions that leave registers idle, and in bfloat16 on processors with AMX: oneDNN does these better.
  static func seconds(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, threads: Int
  ) -> Double? {
    let isNarrow = precision == .bfloat16
    guard let runs = runs(description, precision), description.channels >= 32, description.outputs > 16,
      runs.width >= 6, !(isNarrow && Instructions.hasTiles)
    else { return nil }
    let threads = Double(threads)
    let filling = Double(description.outputs) / Double(runs.outputPairs * 32)
    // For each tap, sums are fetched and put back: a delay if there are few products between.
    let turning = isNarrow && runs.taps > 1 ? 4 / Double(runs.lanes) : 0
    let rate = isNarrow ? 505e9 : 245e9
    let products = DirectEstimate.operations(description) / (filling * rate * threads) * (1 + turning)
    let reading = 4 * Double(runs.packedWeights) / DirectEstimate.bandwidth
    let copying =
      description.pad == [0, 0] && description.stride == [1, 1]
      ? 0 : 8 * Double(description.batch * runs.sourcePixels * runs.lanes) / 20e9
    return max(products, reading) + copying / threads + 5e-6
  }
}
