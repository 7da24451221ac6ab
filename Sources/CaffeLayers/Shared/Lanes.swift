/// Sixteen values side by side in memory, computed at once.
typealias Lanes = SIMD16<Float>

extension SIMD16<Float> {
  /// The first `count` values, at most sixteen; the others are 0.
  @inline(__always)
  init(_ values: UnsafePointer<Float>, count: Int) {
    if count == 16 {
      self = UnsafeRawPointer(values).loadUnaligned(as: Self.self)
    } else {
      self = Self()
      for i in 0..<count { self[i] = values[i] }
    }
  }

  /// Writes the first `count` values, at most sixteen.
  @inline(__always)
  func store(_ values: UnsafeMutablePointer<Float>, count: Int) {
    if count == 16 {
      UnsafeMutableRawPointer(values).storeBytes(of: self, as: Self.self)
    } else {
      for i in 0..<count { values[i] = self[i] }
    }
  }
}
