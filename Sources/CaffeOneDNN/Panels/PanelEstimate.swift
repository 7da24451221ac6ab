internal import CaffeCore
internal import CaffeKernels

extension PanelConvolution {
  /// Whether panels are estimated to be faster than oneDNN's direct way.
  static func isWorthwhile(_ description: ConvolutionDescription, threads: Int) -> Bool {
    guard let seconds = seconds(description, threads: threads) else { return false }
    // oneDNN's kernels of single pixels wait for their weights, whatever the width; none was found faster than ours.
    return (description.kernel == [1, 1] && description.pad == [0, 0])
      || seconds < DirectEstimate.seconds(description, threads: threads)
  }

  /// An estimate; nil for convolutions that leave registers idle, which oneDNN does better.
  static func seconds(_ description: ConvolutionDescription, threads: Int) -> Double? {
    guard let runs = runs(description), description.channels >= 32, description.outputs > 16, runs.width >= 6 else {
      return nil
    }
    let threads = Double(threads)
    let filling = Double(description.outputs) / Double(runs.outputPairs * 32)
    let products = DirectEstimate.operations(description) / (filling * 245e9 * threads)
    let reading = 4 * Double(runs.packedWeights) / DirectEstimate.bandwidth
    let copying =
      description.pad == [0, 0] && description.stride == [1, 1]
      ? 0 : 8 * Double(description.batch * runs.sourcePixels * runs.channels) / 20e9
    return max(products, reading) + copying / threads + 5e-6
  }
}
