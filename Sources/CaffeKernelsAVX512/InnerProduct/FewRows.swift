/// Products of a few rows with a large matrix, which take as long as it takes to read the matrix once.
public enum FewRows {
  /// y[r, o] = b[o] + Σ_i w[o, i] · x[r, i]
  ///
  /// - Parameters:
  ///   - x: `rows` × `inputs`
  ///   - w: `outputs` × `inputs`
  ///   - b: `outputs`; nil stands for zeros
  ///   - y: `rows` × `outputs`
  ///   - range: the outputs to compute
  public static func multiply(
    _ x: UnsafePointer<Float>, rows: Int, inputs: Int, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>?,
    into y: UnsafeMutablePointer<Float>, outputs: Int, range: Range<Int>
  ) {
    var o = range.lowerBound
    // Four streams from memory at once; the further rows find them in the cache.
    while o + 4 <= range.upperBound {
      for r in 0..<rows {
        var sums = multiplyFour(x + r * inputs, w + o * inputs, count: inputs)
        if let b { sums += UnsafeRawPointer(b + o).loadUnaligned(as: SIMD4<Float>.self) }
        UnsafeMutableRawPointer(y + r * outputs + o).storeBytes(of: sums, as: SIMD4<Float>.self)
      }
      o += 4
    }
    while o < range.upperBound {
      for r in 0..<rows { y[r * outputs + o] = (b?[o] ?? 0) + multiply(x + r * inputs, w + o * inputs, count: inputs) }
      o += 1
    }
  }

  /// The products of a vector with four rows of a matrix.
  @inline(__always)
  private static func multiplyFour(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, count: Int
  ) -> SIMD4<Float> {
    let (w1, w2, w3) = (w + count, w + 2 * count, w + 3 * count)
    var (a0, a1, a2, a3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var i = 0
    while i + 16 <= count {
      let v = x.load(i)
      a0 = a0.addingProduct(w.load(i), v)
      a1 = a1.addingProduct(w1.load(i), v)
      a2 = a2.addingProduct(w2.load(i), v)
      a3 = a3.addingProduct(w3.load(i), v)
      i += 16
    }
    var sums = SIMD4(a0.total, a1.total, a2.total, a3.total)
    while i < count {
      sums += SIMD4(w[i], w1[i], w2[i], w3[i]) * x[i]
      i += 1
    }
    return sums
  }

  @inline(__always)
  private static func multiply(_ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, count: Int) -> Float {
    var a = Vector.zero
    var i = 0
    while i + 16 <= count {
      a = a.addingProduct(w.load(i), x.load(i))
      i += 16
    }
    var sum = a.total
    while i < count {
      sum += w[i] * x[i]
      i += 1
    }
    return sum
  }
}
