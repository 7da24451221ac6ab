internal import CaffeCore

/// How long oneDNN's direct convolution takes, to compare others with.
///
/// The rates were measured on cores that do 266 GFLOP/s, with weights that are not in the caches. What counts is how they
/// compare with each other.
enum DirectEstimate {
  /// Of the memory, in bytes a second.
  static var bandwidth: Double { 55e9 }

  static func seconds(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, threads: Int
  ) -> Double {
    let weights = Double(description.weights.count)
    let width = Double(description.output.last ?? 1)
    // Narrow images leave registers of the kernels for float32 idle.
    let isNarrow = precision == .bfloat16
    let rate = isNarrow ? 525e9 : 235e9 * width / (width + 1.5)
    return operations(description) / (rate * Double(threads)) + (isNarrow ? 2 : 4) * weights / bandwidth
  }

  /// Multiplications and additions.
  static func operations(_ description: ConvolutionDescription) -> Double {
    2 * Double(description.weights.count) * Double(description.batch * description.output.reduce(1, *))
  }
}
