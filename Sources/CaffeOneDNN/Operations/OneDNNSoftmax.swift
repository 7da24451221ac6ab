internal import COneDNN
internal import CaffeCore

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// Softmax by a kernel of our own where channels lie side by side, else with oneDNN's exponential.
///
/// oneDNN's own softmax is slow where the axis is not the last, and hides a NaN from the other values of its column.
final class OneDNNSoftmax: SoftmaxOperation {
  let description: SoftmaxDescription
  /// The values of an item.
  private var size: Int { description.channels * description.inner }
  private let runtime: Runtime
  private let exponential: Exponential
  private let reference: any SoftmaxOperation
  /// For each column the largest value, then the sum.
  private let columns: Buffer

  init(_ description: SoftmaxDescription, on runtime: Runtime) throws(OneDNNError) {
    let count = description.outer * description.channels * description.inner
    guard count > 0 else { throw OneDNNError(operation: "compute nothing", status: dnnl_unimplemented) }
    self.description = description
    self.runtime = runtime
    exponential = try Exponential(dnnl_eltwise_exp, count: count, on: runtime)
    reference = ReferenceEngine().softmax(description)
    columns = Buffer(count: description.outer * description.inner)
  }

  func forward(_ source: Buffer, into destination: Buffer) {
    let x = source.values.baseAddress!
    let y = destination.uninitializedValues.baseAddress!
    #if canImport(CaffeKernelsAVX512)
      if Instructions.hasAVX512, description.inner == 1 {
        return forEachGroup { SoftmaxRows.compute(x, into: y, channels: description.channels, rows: $0) }
      }
    #endif
    let columns = columns.uninitializedValues.baseAddress!
    forEachItem { start, column in
      fold(x + start, into: columns + column, from: -.infinity) { max($0, $1) }
      combine(x + start, columns + column, into: y + start) { $0 - $1 }
    }
    exponential(y)
    forEachItem { start, column in
      fold(y + start, into: columns + column, from: 0) { $0 + $1 }
      // oneDNN's exponential of NaN is ∞, which is no sum of powers of e below 1.
      combine(y + start, columns + column, into: y + start) { $0 / ($1 < .infinity ? $1 : .nan) }
    }
  }

  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer) {
    reference.backward(destinationDiff, at: destination, into: sourceDiff)
  }

  /// Calls the body for each item of the outer axis, with the index of its first value and of its first column.
  private func forEachItem(_ body: (_ start: Int, _ column: Int) -> Void) {
    forEachGroup { items in
      for item in items { body(item * size, item * description.inner) }
    }
  }

  /// Calls the body for some items of the outer axis at a time, on all threads.
  private func forEachGroup(_ body: (Range<Int>) -> Void) {
    runtime.parallelFor(description.outer, grain: max(1, parallelForGrain / 4 / size), body)
  }

  /// Combines the channels of each column into one value.
  @inline(__always)
  private func fold(
    _ x: UnsafePointer<Float>, into column: UnsafeMutablePointer<Float>, from start: Float,
    _ combine: (Float, Float) -> Float
  ) {
    let inner = description.inner
    guard inner > 1 else {
      var value = start
      for c in 0..<description.channels { value = combine(value, x[c]) }
      column[0] = value
      return
    }
    column.update(repeating: start, count: inner)
    for c in 0..<description.channels {
      for i in 0..<inner { column[i] = combine(column[i], x[c * inner + i]) }
    }
  }

  /// Combines each value with that of its column; `y` may be `x`.
  @inline(__always)
  private func combine(
    _ x: UnsafePointer<Float>, _ column: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    _ combine: (Float, Float) -> Float
  ) {
    let inner = description.inner
    guard inner > 1 else {
      let value = column[0]
      return transform(0..<description.channels, x, into: y) { combine($0, value) }
    }
    for c in 0..<description.channels {
      transform(0..<inner, x + c * inner, column, into: y + c * inner, combine)
    }
  }
}
