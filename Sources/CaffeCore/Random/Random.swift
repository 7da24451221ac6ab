internal import RealModule

/// Random numbers that depend on nothing but a seed and a stream number.
///
/// Work that is done by many threads or taken up again after an interruption takes one stream per item (record 4711, pass
/// 12): the draws are then the same in whatever order the items are handled. The generator is xoshiro256** (Blackman and
/// Vigna, 2021), its state filled by SplitMix64 (Steele et al., 2014).
public struct Random: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64, stream: UInt64 = 0) {
    var mixer = Self.mix(seed) ^ (stream &* 0xD134_2543_DE82_EF95)
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      return Self.mix(mixer)
    }
    state = (next(), next(), next(), next())
  }

  /// A seed for a part of something that is seeded itself, such as a layer of a net.
  public static func seed(_ parent: UInt64, part: UInt64) -> UInt64 {
    mix(parent &+ mix(part &+ 0x9E37_79B9_7F4A_7C15))
  }

  public mutating func next() -> UInt64 {
    let result = Self.rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, 45)
    return result
  }

  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Uniform in [low, high).
  public mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

  /// Normally distributed with mean 0 and standard deviation 1 (Box and Muller, 1958).
  public mutating func gaussian() -> Float {
    let u = (Double(next() >> 11) + 1) * 0x1p-53
    let v = Double(next() >> 11) * 0x1p-53
    return Float(Double.sqrt(-2 * Double.log(u)) * Double.cos(2 * Double.pi * v))
  }

  /// True with the given probability.
  public mutating func bernoulli(_ probability: Float) -> Bool { uniform() < probability }

  /// A whole number in 0 ..< `bound`, as the remainder of a 32-bit draw.
  public mutating func below(_ bound: Int) -> Int { Int(next() >> 32) % bound }

  private static func rotate(_ x: UInt64, _ bits: UInt64) -> UInt64 { (x << bits) | (x >> (64 - bits)) }

  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
