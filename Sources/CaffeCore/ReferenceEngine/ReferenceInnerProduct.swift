/// Three matrix products: y = x · Wᵀ + b, dx = dy · W, dW += dyᵀ · x.
final class ReferenceInnerProduct: InnerProductOperation {
  let description: InnerProductDescription

  init(_ description: InnerProductDescription) { self.description = description }

  private func source(_ buffer: Buffer) -> Matrix {
    Matrix(buffer.values.baseAddress!, rows: description.rows, columns: description.inputs)
  }

  private func destination(_ buffer: Buffer) -> Matrix {
    Matrix(buffer.values.baseAddress!, rows: description.rows, columns: description.outputs)
  }

  /// The weights as outputs × inputs, however they are stored.
  private func weights(_ buffer: Buffer) -> Matrix {
    let values = buffer.values.baseAddress!
    return description.isTransposed
      ? Matrix(values, rows: description.inputs, columns: description.outputs).transposed
      : Matrix(values, rows: description.outputs, columns: description.inputs)
  }

  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {
    let x = self.source(source)
    let w = self.weights(weights)
    let y = destination.uninitializedValues.baseAddress!
    if let b = bias?.values.baseAddress {
      for row in 0..<description.rows { (y + row * description.outputs).update(from: b, count: description.outputs) }
    }
    multiply(x, w.transposed, into: y, adding: bias != nil)
  }

  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {
    let dy = destination(destinationDiff)
    multiply(dy, self.weights(weights), into: sourceDiff.uninitializedValues.baseAddress!, adding: false)
  }

  func backwardParameters(
    _ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?
  ) {
    let x = self.source(source)
    let dy = destination(destinationDiff)
    let isFirst = weightsDiff.isZero
    let dw = isFirst ? weightsDiff.uninitializedValues.baseAddress! : weightsDiff.mutableValues.baseAddress!
    if description.isTransposed {
      multiply(x.transposed, dy, into: dw, adding: !isFirst)
    } else {
      multiply(dy.transposed, x, into: dw, adding: !isFirst)
    }
    if let db = biasDiff?.mutableValues.baseAddress {
      addColumnSums(dy.values, rows: dy.rows, columns: dy.columns, to: db)
    }
  }
}
