/// What one register of AVX-512 holds: 16 channels of one pixel.
typealias Vector = SIMD16<Float>

extension Vector {
  /// The sum of all, in halves. (The standard library's function could end up outside, see `Scripts/check-kernels`.)
  @inline(__always)
  var total: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }
}

extension UnsafePointer<Float> {
  /// The same memory in vectors; it need not be aligned for them.
  @inline(__always)
  func load(_ offset: Int) -> Vector {
    UnsafeRawPointer(self + offset).loadUnaligned(as: Vector.self)
  }
}

extension UnsafeMutablePointer<Float> {
  @inline(__always)
  func load(_ offset: Int) -> Vector { UnsafePointer(self).load(offset) }

  @inline(__always)
  func store(_ vector: Vector, _ offset: Int) {
    UnsafeMutableRawPointer(self + offset).storeBytes(of: vector, as: Vector.self)
  }
}

/// The body for 0, 1, …, `count` − 1, written out: arrays that only such bodies index live in registers.
///
/// The count is to be a literal where this is inlined, and at most 14.
@inline(__always)
func unrolled(_ count: Int, _ body: (Int) -> Void) {
  if count > 0 { body(0) }
  if count > 1 { body(1) }
  if count > 2 { body(2) }
  if count > 3 { body(3) }
  if count > 4 { body(4) }
  if count > 5 { body(5) }
  if count > 6 { body(6) }
  if count > 7 { body(7) }
  if count > 8 { body(8) }
  if count > 9 { body(9) }
  if count > 10 { body(10) }
  if count > 11 { body(11) }
  if count > 12 { body(12) }
  if count > 13 { body(13) }
}
