/// The units that multiply and add.
package enum MultiplyUnits {
  /// The multiplications and additions of one repetition.
  package static let operations = 12 * 16 * 2

  /// Fused multiply-adds on registers alone, enough independent ones to keep every unit busy.
  ///
  /// - Returns: a number that depends on all of them: nothing would be computed if nobody used it.
  @inline(never)
  package static func exercise(_ repetitions: Int, factor: Float, summand: Float) -> Float {
    let x = Vector(repeating: factor)
    let y = Vector(repeating: summand)
    // All different, or one would be computed for several.
    var (a, b, c, d) = (y, x, y + x, y - x)
    var (e, f, g, h) = (x + x, y + y, x * x, y * y)
    var (i, j, k, l) = (x * y, x - y, x + x + y, x + y + y)
    for _ in 0..<repetitions {
      a.addProduct(x, a)
      b.addProduct(x, b)
      c.addProduct(x, c)
      d.addProduct(x, d)
      e.addProduct(x, e)
      f.addProduct(x, f)
      g.addProduct(x, g)
      h.addProduct(x, h)
      i.addProduct(x, i)
      j.addProduct(x, j)
      k.addProduct(x, k)
      l.addProduct(x, l)
    }
    let total = a + b + c + d + e + f + g + h + i + j + k + l
    return total[0] + total[15]
  }
}
