/// y[i] = f(x[i]). `y` may be `x`: the loop is written twice because only one without doubt about overlap vectorises.
@inlinable @inline(__always)
package func transform(
  _ range: Range<Int>, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ f: (Float) -> Float
) {
  if x == UnsafePointer(y) {
    for i in range { y[i] = f(y[i]) }
  } else {
    for i in range { y[i] = f(x[i]) }
  }
}

/// y[i] = f(a[i], b[i]). `y` may be `a`.
@inlinable @inline(__always)
package func transform(
  _ range: Range<Int>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
  _ f: (Float, Float) -> Float
) {
  if a == UnsafePointer(y) {
    for i in range { y[i] = f(y[i], b[i]) }
  } else {
    for i in range { y[i] = f(a[i], b[i]) }
  }
}
