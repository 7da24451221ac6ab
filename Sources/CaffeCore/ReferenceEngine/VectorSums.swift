internal import RealModule

// Sums of a few hundred values are added up in single precision, reordered so that they vectorise, and joined in double precision:
// otherwise the sum of a million equal values is wrong in its third digit.

/// Σ a[i] · b[i]
package func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  inBlocks(count) { range in
    var total: Float = 0
    for i in range { total = Relaxed.multiplyAdd(a[i], b[i], total) }
    return total
  }
}

/// Σ a[i]
package func sum(_ a: UnsafePointer<Float>, count: Int) -> Float {
  inBlocks(count) { range in
    var total: Float = 0
    for i in range { total = Relaxed.sum(a[i], total) }
    return total
  }
}

/// Σ |a[i]|
package func sumOfMagnitudes(_ a: UnsafePointer<Float>, count: Int) -> Float {
  inBlocks(count) { range in
    var total: Float = 0
    for i in range { total = Relaxed.sum(abs(a[i]), total) }
    return total
  }
}

/// Σ (a[i] − m)²
package func sumOfSquaredDifferences(_ a: UnsafePointer<Float>, _ m: Float, count: Int) -> Float {
  inBlocks(count) { range in
    var total: Float = 0
    for i in range { total = Relaxed.multiplyAdd(a[i] - m, a[i] - m, total) }
    return total
  }
}

/// Σ (a[i] − b[i])²
package func sumOfSquaredDifferences(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  inBlocks(count) { range in
    var total: Float = 0
    for i in range { total = Relaxed.multiplyAdd(a[i] - b[i], a[i] - b[i], total) }
    return total
  }
}

/// Adds the sum of each row to `sums[row]`.
func addRowSums(_ a: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>) {
  for row in 0..<rows { sums[row] += sum(a + row * columns, count: columns) }
}

/// Adds the sum of each column to `sums[column]`.
package func addColumnSums(_ a: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>) {
  withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { totals in
    for column in 0..<columns { totals.initializeElement(at: column, to: 0) }
    for row in 0..<rows {
      for column in 0..<columns { totals[column] += Double(a[row * columns + column]) }
    }
    for column in 0..<columns { sums[column] += Float(totals[column]) }
  }
}

/// The sum over all places, of sums over a few hundred of them.
@inline(__always)
private func inBlocks(_ count: Int, _ sum: (Range<Int>) -> Float) -> Float {
  let length = 512
  guard count > length else { return sum(0..<count) }
  var total: Double = 0
  for start in stride(from: 0, to: count, by: length) { total += Double(sum(start..<min(start + length, count))) }
  return Float(total)
}
