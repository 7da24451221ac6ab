/// Convolution as a product of the weights with the unrolled windows of each image, group by group.
final class ReferenceConvolution: ConvolutionOperation {
  let description: ConvolutionDescription
  private let windows: WindowColumns
  /// The unrolled windows of one group of one image; its memory comes with the first use.
  private let columns: Buffer

  init(_ description: ConvolutionDescription) {
    self.description = description
    windows = WindowColumns(
      channels: description.channels / description.group, input: description.input, output: description.output,
      kernel: description.kernel, stride: description.stride, pad: description.pad, dilation: description.dilation)
    columns = Buffer(count: windows.isIdentity ? 0 : windows.rows * windows.count)
  }

  /// Values of one group in one image of the source and of the destination, and in the weights.
  private var sourceSize: Int { description.channels / description.group * description.input.reduce(1, *) }
  private var destinationSize: Int { outputs * windows.count }
  private var weightsSize: Int { outputs * windows.rows }
  /// The outputs of one group.
  private var outputs: Int { description.outputs / description.group }

  /// y = W · columns(x) + b
  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let x = source.values.baseAddress!
    let w = weights.values.baseAddress!
    let b = bias?.values
    let y = destination.uninitializedValues.baseAddress!
    for item in 0..<description.batch * description.group {
      let group = item % description.group
      let target = y + item * destinationSize
      if let b {
        for o in 0..<outputs {
          (target + o * windows.count).update(repeating: b[group * outputs + o], count: windows.count)
        }
      }
      multiply(
        weightsMatrix(w, group), unrolled(x + item * sourceSize), into: target, adding: b != nil)
    }
  }

  /// columns(dx) = Wᵀ · dy
  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {
    let dy = destinationDiff.values.baseAddress!
    let w = weights.values.baseAddress!
    let dx = sourceDiff.uninitializedValues.baseAddress!
    if !windows.isIdentity { dx.update(repeating: 0, count: sourceDiff.count) }
    for item in 0..<description.batch * description.group {
      let weights = weightsMatrix(w, item % description.group).transposed
      let gradient = Matrix(dy + item * destinationSize, rows: outputs, columns: windows.count)
      let target = dx + item * sourceSize
      if windows.isIdentity {
        multiply(weights, gradient, into: target, adding: false)
      } else {
        let unrolled = columns.uninitializedValues.baseAddress!
        multiply(weights, gradient, into: unrolled, adding: false)
        windows.fold(unrolled, addingTo: target)
      }
    }
  }

  /// dW += dy · columns(x)ᵀ, db += Σ dy
  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) {
    let x = source.values.baseAddress!
    let dy = destinationDiff.values.baseAddress!
    let dw = weightsDiff.mutableValues.baseAddress!
    let db = biasDiff?.mutableValues.baseAddress!
    for item in 0..<description.batch * description.group {
      let group = item % description.group
      let gradient = dy + item * destinationSize
      multiply(
        Matrix(gradient, rows: outputs, columns: windows.count), unrolled(x + item * sourceSize).transposed,
        into: dw + group * weightsSize, adding: true)
      if let db { addRowSums(gradient, rows: outputs, columns: windows.count, to: db + group * outputs) }
    }
  }

  private func weightsMatrix(_ weights: UnsafePointer<Float>, _ group: Int) -> Matrix {
    Matrix(weights + group * weightsSize, rows: outputs, columns: windows.rows)
  }

  private func unrolled(_ image: UnsafePointer<Float>) -> Matrix {
    guard !windows.isIdentity else { return Matrix(image, rows: windows.rows, columns: windows.count) }
    let target = columns.uninitializedValues.baseAddress!
    windows.unroll(image, into: target)
    return Matrix(target, rows: windows.rows, columns: windows.count)
  }
}
