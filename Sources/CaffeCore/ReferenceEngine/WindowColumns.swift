/// Unrolls the windows of an image into the columns of a matrix, so that a convolution becomes a matrix product
/// ("im2col"), and folds such a matrix back ("col2im").
///
///     columns[(c, k), q] = image[c, q·stride − pad + k·dilation], 0 outside the image
///
/// | tensor  | shape                             |
/// |---------|-----------------------------------|
/// | image   | channels × input…                 |
/// | columns | (channels · kernel…) × (output…)  |
package struct WindowColumns {
  private let channels: Int
  private let input: [Int]
  private let output: [Int]
  private let kernel: [Int]
  private let stride: [Int]
  private let pad: [Int]
  private let dilation: [Int]

  package init(
    channels: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], pad: [Int], dilation: [Int]
  ) {
    self.channels = channels
    // An image without spatial axes is a single pixel.
    self.input = input.isEmpty ? [1] : input
    self.output = input.isEmpty ? [1] : output
    self.kernel = input.isEmpty ? [1] : kernel
    self.stride = input.isEmpty ? [1] : stride
    self.pad = input.isEmpty ? [0] : pad
    self.dilation = input.isEmpty ? [1] : dilation
  }

  /// The rows of the matrix: the values of one window.
  package var rows: Int { channels * kernel.reduce(1, *) }

  /// The columns of the matrix: the windows.
  package var count: Int { output.reduce(1, *) }

  /// Whether each window is one pixel and each pixel one window, so that the matrix is the image itself.
  package var isIdentity: Bool {
    input == output && kernel.allSatisfy { $0 == 1 } && stride.allSatisfy { $0 == 1 } && pad.allSatisfy { $0 == 0 }
  }

  /// Writes the matrix.
  package func unroll(_ image: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>) {
    for channel in 0..<channels {
      visit(axis: 0, row: channel, column: 0, pixel: channel) { column, pixel, count, range, step in
        let target = columns + column
        guard let pixel, !range.isEmpty else { return target.update(repeating: 0, count: count) }
        target.update(repeating: 0, count: range.lowerBound)
        let source = image + pixel
        if step == 1 {
          (target + range.lowerBound).update(from: source, count: range.count)
        } else {
          for i in 0..<range.count { target[range.lowerBound + i] = source[i * step] }
        }
        (target + range.upperBound).update(repeating: 0, count: count - range.upperBound)
      }
    }
  }

  /// Adds every value of the matrix to the pixel it came from.
  package func fold(_ columns: UnsafePointer<Float>, addingTo image: UnsafeMutablePointer<Float>) {
    for channel in 0..<channels {
      visit(axis: 0, row: channel, column: 0, pixel: channel) { column, pixel, _, range, step in
        guard let pixel else { return }
        let source = columns + column + range.lowerBound
        let target = image + pixel
        for i in 0..<range.count { target[i * step] += source[i] }
      }
    }
  }

  /// Walks the kernel and output positions of the axes from `axis` on and calls `body` for each run of the matrix along the
  /// last axis: where the run starts in the matrix, where its first pixel lies in the image (nil if the whole run lies
  /// outside), its length, which part of it lies inside, and the distance of its pixels.
  ///
  /// `row`, `column` and `pixel` are the flat positions that the axes before `axis` have settled.
  private func visit(
    axis: Int, row: Int, column: Int, pixel: Int?,
    _ body: (_ column: Int, _ pixel: Int?, _ count: Int, _ inside: Range<Int>, _ step: Int) -> Void
  ) {
    let outputs = output[axis]
    let step = stride[axis]
    for k in 0..<kernel[axis] {
      let offset = k * dilation[axis] - pad[axis]
      if axis == output.count - 1 {
        let start = (row * kernel[axis] + k) * count + column * outputs
        let first = min(outputs, offset >= 0 ? 0 : (step - 1 - offset) / step)
        let end = offset >= input[axis] ? first : max(first, min(outputs, (input[axis] - offset + step - 1) / step))
        body(start, pixel.map { $0 * input[axis] + first * step + offset }, outputs, first..<end, step)
      } else {
        for q in 0..<outputs {
          let position = q * step + offset
          let inside = 0 <= position && position < input[axis]
          visit(
            axis: axis + 1, row: row * kernel[axis] + k, column: column * outputs + q,
            pixel: inside ? pixel.map { $0 * input[axis] + position } : nil, body)
        }
      }
    }
  }
}
