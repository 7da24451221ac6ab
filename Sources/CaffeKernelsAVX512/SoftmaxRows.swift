/// Softmax of rows: y = exp(x − max x) / Σ exp(x − max x).
public enum SoftmaxRows {
  /// - Parameters:
  ///   - x: rows × `channels`
  ///   - y: the same; it may be `x`
  ///   - rows: those to compute
  public static func compute(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, channels: Int, rows: Range<Int>
  ) {
    for row in rows { compute(x + row &* channels, into: y + row &* channels, count: channels) }
  }

  private static func compute(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    let whole = count & ~15
    let rest = count &- whole
    var largest = Vector(repeating: -.infinity)
    for i in stride(from: 0, to: whole, by: 16) {
      let v = x.load(i)
      largest.replace(with: v, where: v .> largest)
    }
    for i in whole..<count { largest[0] = x[i] > largest[0] ? x[i] : largest[0] }
    let maximum = Vector(repeating: largest.max())

    var sums = Vector.zero
    for i in stride(from: 0, to: whole, by: 16) {
      let power = (x.load(i) - maximum).exponential
      sums += power
      y.store(power, i)
    }
    if rest > 0 {
      var last = Vector(repeating: -.infinity)
      for i in 0..<rest { last[i] = x[whole &+ i] }
      let power = (last - maximum).exponential
      sums += power
      for i in 0..<rest { y[whole &+ i] = power[i] }
    }

    let factor = 1 / sums.total
    for i in stride(from: 0, to: whole, by: 16) { y.store(y.load(i) * factor, i) }
    for i in whole..<count { y[i] *= factor }
  }
}

extension Vector {
  /// e to the power of each value, none of which is above 88.
  ///
  ///     eˣ = 2ⁿ · eʳ,   n = x / ln 2, rounded,   r = x − n · ln 2
  @inline(__always)
  fileprivate var exponential: Vector {
    // The sum with 1.5 · 2²³ has n in its lowest bits.
    let shift = Vector(repeating: 0x1.8p23)
    // Of less than this, eˣ is 0. (What is not a number stays so.)
    var x = self
    x.replace(with: -104, where: x .< -104)
    let shifted = shift.addingProduct(x, Vector(repeating: 1.442_695_04))
    let n = shifted - shift
    // ln 2 in two parts: products of the first with n are exact.
    let r = x.addingProduct(n, Vector(repeating: -0x1.62e4p-1)).addingProduct(n, Vector(repeating: -0x1.7f7d1cp-20))
    // Taylor's polynomial: what it leaves out is less than 6e-9 for |r| ≤ ln 2 / 2.
    var power = Vector(repeating: 1 / 5040)
    power = Vector(repeating: 1 / 720).addingProduct(power, r)
    power = Vector(repeating: 1 / 120).addingProduct(power, r)
    power = Vector(repeating: 1 / 24).addingProduct(power, r)
    power = Vector(repeating: 1 / 6).addingProduct(power, r)
    power = Vector(repeating: 1 / 2).addingProduct(power, r)
    power = Vector(repeating: 1).addingProduct(power, r)
    power = Vector(repeating: 1).addingProduct(power, r)
    // In two steps, as 2ⁿ may be smaller than any number with all digits.
    let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- unsafeBitCast(shift, to: SIMD16<Int32>.self)
    let half = exponent &>> 1
    return power * half.powerOfTwo * (exponent &- half).powerOfTwo
  }
}

extension SIMD16<Int32> {
  /// 2 to the power of each, for those from −126 to 127.
  @inline(__always)
  fileprivate var powerOfTwo: Vector { unsafeBitCast((self &+ 127) &<< 23, to: Vector.self) }
}
