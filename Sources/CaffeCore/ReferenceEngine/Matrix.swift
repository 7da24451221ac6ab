/// A matrix in memory that somebody else owns, stored row by row, or read as the transpose of what is stored.
struct Matrix {
  let values: UnsafePointer<Float>
  let rows: Int
  let columns: Int
  let rowStride: Int
  let columnStride: Int

  /// The first `rows` × `columns` values, row by row.
  init(_ values: UnsafePointer<Float>, rows: Int, columns: Int) {
    self.init(values: values, rows: rows, columns: columns, rowStride: columns, columnStride: 1)
  }

  private init(values: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
    self.values = values
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The same memory with rows and columns exchanged.
  var transposed: Matrix {
    Matrix(values: values, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }
}

/// The product of two matrices: C = A · B, or C += A · B.
///
///     c[i, j] = Σ_p a[i, p] · b[p, j]
///
/// | matrix | shape | stored                            |
/// |--------|-------|-----------------------------------|
/// | A      | m × k | row by row, or transposed         |
/// | B      | k × n | row by row, or transposed if A is not |
/// | C      | m × n | row by row                        |
///
/// Where B's rows are contiguous, whole rows of B are added to rows of C, four at a time; where its columns are, every
/// element is a dot product. Both inner loops run along memory, so they vectorise. The order of the additions depends on
/// the shapes alone: equal input gives equal bits.
func multiply(_ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, adding: Bool) {
  precondition(a.columns == b.rows, "the inner extents of a product differ: \(a.columns) and \(b.rows)")
  if b.columnStride == 1 {
    addRows(a, b, to: c, adding: adding)
  } else {
    precondition(a.columnStride == 1 && b.rowStride == 1, "a product of two transposed matrices is not needed")
    for i in 0..<a.rows {
      for j in 0..<b.columns {
        let product = dot(a.values + i * a.rowStride, b.values + j * b.columnStride, count: a.columns)
        c[i * b.columns + j] = adding ? c[i * b.columns + j] + product : product
      }
    }
  }
}

/// C as a sum of B's rows, in strips of columns and blocks of rows so narrow that they stay in the cache.
private func addRows(_ a: Matrix, _ b: Matrix, to c: UnsafeMutablePointer<Float>, adding: Bool) {
  let stripWidth = 256
  let blockHeight = 128
  if !adding { c.update(repeating: 0, count: a.rows * b.columns) }
  for strip in stride(from: 0, to: b.columns, by: stripWidth) {
    let width = min(stripWidth, b.columns - strip)
    for block in stride(from: 0, to: b.rows, by: blockHeight) {
      let end = min(block + blockHeight, b.rows)
      for i in 0..<a.rows {
        let target = c + i * b.columns + strip
        let factors = a.values + i * a.rowStride
        var p = block
        while p + 4 <= end {
          let row = b.values + p * b.rowStride + strip
          addFourRows(
            row, b.rowStride, factors[p * a.columnStride], factors[(p + 1) * a.columnStride],
            factors[(p + 2) * a.columnStride], factors[(p + 3) * a.columnStride], to: target, count: width)
          p += 4
        }
        while p < end {
          let row = b.values + p * b.rowStride + strip
          let factor = factors[p * a.columnStride]
          for j in 0..<width { target[j] += factor * row[j] }
          p += 1
        }
      }
    }
  }
}

/// target += f₀·row₀ + f₁·row₁ + f₂·row₂ + f₃·row₃: one reading and writing of the target for four rows.
@inline(__always)
private func addFourRows(
  _ rows: UnsafePointer<Float>, _ rowStride: Int, _ f0: Float, _ f1: Float, _ f2: Float, _ f3: Float,
  to target: UnsafeMutablePointer<Float>, count: Int
) {
  let row1 = rows + rowStride
  let row2 = row1 + rowStride
  let row3 = row2 + rowStride
  for j in 0..<count {
    target[j] += f0 * rows[j] + f1 * row1[j] + f2 * row2[j] + f3 * row3[j]
  }
}
