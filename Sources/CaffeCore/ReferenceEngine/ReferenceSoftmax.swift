internal import RealModule

/// Softmax along the middle axis, for a whole row of the inner axis at a time.
final class ReferenceSoftmax: SoftmaxOperation {
  let description: SoftmaxDescription
  /// For each inner position the largest value, then the sum.
  private let row: Buffer

  init(_ description: SoftmaxDescription) {
    self.description = description
    row = Buffer(count: description.inner)
  }

  func forward(_ source: Buffer, into destination: Buffer) {
    let x = source.values.baseAddress!
    let y = destination.uninitializedValues.baseAddress!
    let row = self.row.uninitializedValues.baseAddress!
    let inner = description.inner
    let channels = 0..<description.channels
    for outer in 0..<description.outer {
      let x = x + outer * description.channels * inner
      let y = y + outer * description.channels * inner
      row.update(repeating: -.infinity, count: inner)
      for c in channels { for i in 0..<inner { row[i] = max(row[i], x[c * inner + i]) } }
      for c in channels { for i in 0..<inner { y[c * inner + i] = .exp(x[c * inner + i] - row[i]) } }
      row.update(repeating: 0, count: inner)
      for c in channels { for i in 0..<inner { row[i] += y[c * inner + i] } }
      for c in channels { for i in 0..<inner { y[c * inner + i] /= row[i] } }
    }
  }

  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer) {
    let dy = destinationDiff.values.baseAddress!
    let y = destination.values.baseAddress!
    let dx = sourceDiff.uninitializedValues.baseAddress!
    let row = self.row.uninitializedValues.baseAddress!
    let inner = description.inner
    let channels = 0..<description.channels
    for outer in 0..<description.outer {
      let dy = dy + outer * description.channels * inner
      let y = y + outer * description.channels * inner
      let dx = dx + outer * description.channels * inner
      row.update(repeating: 0, count: inner)
      for c in channels { for i in 0..<inner { row[i] += dy[c * inner + i] * y[c * inner + i] } }
      for c in channels { for i in 0..<inner { dx[c * inner + i] = y[c * inner + i] * (dy[c * inner + i] - row[i]) } }
    }
  }
}
