/// The units that multiply and add.
package enum MultiplyUnits {
  /// Fused multiply-adds on registers alone, enough independent ones to keep every unit busy.
  ///
  /// - Returns: how many multiplications and additions that was.
  @inline(never)
  package static func exercise(_ repetitions: Int) -> Double {
    let (x, y) = (Vector(repeating: 0.999), Vector(repeating: 0.001))
    var (a, b, c, d, e, f) = (x, x, x, x, x, x)
    var (g, h, i, j, k, l) = (y, y, y, y, y, y)
    for _ in 0..<repetitions {
      a.addProduct(x, y)
      b.addProduct(x, y)
      c.addProduct(x, y)
      d.addProduct(x, y)
      e.addProduct(x, y)
      f.addProduct(x, y)
      g.addProduct(x, y)
      h.addProduct(x, y)
      i.addProduct(x, y)
      j.addProduct(x, y)
      k.addProduct(x, y)
      l.addProduct(x, y)
    }
    // Nothing would be computed if nobody used the sums.
    precondition(!(a + b + c + d + e + f + g + h + i + j + k + l).sum().isNaN)
    return Double(repetitions * 12 * Vector.scalarCount * 2)
  }
}
