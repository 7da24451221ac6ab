/// Activations in memory: float32 or, where they are narrow, bfloat16, which is the upper half of a float32.
///
/// Whether they are narrow is to be a literal where this is inlined.
struct Activations {
  var address: UnsafeRawPointer
  let isNarrow: Bool

  @inline(__always)
  init(_ address: UnsafeRawPointer, isNarrow: Bool) {
    self.address = address
    self.isNarrow = isNarrow
  }

  @inline(__always)
  static func + (values: Activations, offset: Int) -> Activations {
    Activations(values.address + offset &* (values.isNarrow ? 2 : 4), isNarrow: values.isNarrow)
  }

  @inline(__always)
  func load(_ offset: Int) -> Vector {
    guard isNarrow else { return (address + offset &* 4).loadUnaligned(as: Vector.self) }
    var halves = SIMD32<UInt16>.zero
    halves.oddHalf = (address + offset &* 2).loadUnaligned(as: SIMD16<UInt16>.self)
    return unsafeBitCast(halves, to: Vector.self)
  }
}

/// The same, to be written.
struct MutableActivations {
  var address: UnsafeMutableRawPointer
  let isNarrow: Bool

  @inline(__always)
  init(_ address: UnsafeMutableRawPointer, isNarrow: Bool) {
    self.address = address
    self.isNarrow = isNarrow
  }

  @inline(__always)
  static func + (values: MutableActivations, offset: Int) -> MutableActivations {
    MutableActivations(values.address + offset &* (values.isNarrow ? 2 : 4), isNarrow: values.isNarrow)
  }

  /// Rounds to the nearest, of two to the even one.
  @inline(__always)
  func store(_ vector: Vector, _ offset: Int) {
    guard isNarrow else { return (address + offset &* 4).storeBytes(of: vector, as: Vector.self) }
    let bits = unsafeBitCast(vector, to: SIMD16<UInt32>.self)
    let isOdd = (bits &>> 16) & SIMD16<UInt32>(repeating: 1)
    var rounded = bits &+ SIMD16<UInt32>(repeating: 0x7fff) &+ isOdd
    // In what is not a number, the carry could make one of it.
    rounded.replace(with: 0x7fc0_0000, where: vector .!= vector)
    (address + offset &* 2).storeBytes(
      of: unsafeBitCast(rounded, to: SIMD32<UInt16>.self).oddHalf, as: SIMD16<UInt16>.self)
  }
}
