/// A number of points, known to the compiler.
typealias Points<let points: Int> = InlineArray<points, UInt8>

/// The points ±a and ±b beside 0 and ∞, and what the transforms need of them.
enum SixPoints {
  @inline(__always) static var a: Float { 0.75 }
  @inline(__always) static var b: Float { 1.5 }
  @inline(__always) static var a2: Float { a * a }
  @inline(__always) static var b2: Float { b * b }
}
