internal import RealModule

/// Σ a[i] · b[i], its additions reordered so that they vectorise.
package func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  var total: Float = 0
  for i in 0..<count { total = Relaxed.multiplyAdd(a[i], b[i], total) }
  return total
}

/// Σ a[i], its additions reordered so that they vectorise.
package func sum(_ a: UnsafePointer<Float>, count: Int) -> Float {
  var total: Float = 0
  for i in 0..<count { total = Relaxed.sum(a[i], total) }
  return total
}

/// Adds the sum of each row to `sums[row]`.
func addRowSums(_ a: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>) {
  for row in 0..<rows { sums[row] += sum(a + row * columns, count: columns) }
}

/// Adds the sum of each column to `sums[column]`.
func addColumnSums(_ a: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>) {
  for row in 0..<rows {
    for column in 0..<columns { sums[column] += a[row * columns + column] }
  }
}

/// Σ (a[i] − m)², its additions reordered so that they vectorise.
package func sumOfSquaredDifferences(_ a: UnsafePointer<Float>, _ m: Float, count: Int) -> Float {
  var total: Float = 0
  for i in 0..<count { total = Relaxed.multiplyAdd(a[i] - m, a[i] - m, total) }
  return total
}

/// Σ (a[i] − b[i])², its additions reordered so that they vectorise.
package func sumOfSquaredDifferences(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  var total: Float = 0
  for i in 0..<count { total = Relaxed.multiplyAdd(a[i] - b[i], a[i] - b[i], total) }
  return total
}
