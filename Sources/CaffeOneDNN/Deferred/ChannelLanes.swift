/// The values of a block of channels at one place.
///
/// Swift compiles comparisons well for concrete vectors only, so each kind has its own.
protocol ChannelLanes: SIMD where Scalar == Float {
  /// max(x, 0), and NaN for NaN.
  var rectified: Self { get }

  /// These values where the others are positive, else 0.
  func opened(where other: Self) -> Self
}

extension SIMD8<Float>: ChannelLanes {
  @inline(__always) var rectified: Self { replacing(with: 0, where: self .<= 0) }
  @inline(__always) func opened(where other: Self) -> Self { replacing(with: 0, where: .!(other .> 0)) }
}

extension SIMD16<Float>: ChannelLanes {
  @inline(__always) var rectified: Self { replacing(with: 0, where: self .<= 0) }
  @inline(__always) func opened(where other: Self) -> Self { replacing(with: 0, where: .!(other .> 0)) }
}

extension ChannelLanes {
  /// The values from index on.
  @inline(__always)
  init(_ values: UnsafePointer<Float>, _ index: Int) {
    self = UnsafeRawPointer(values + index).loadUnaligned(as: Self.self)
  }

  @inline(__always)
  init(_ values: UnsafeMutablePointer<Float>, _ index: Int) { self.init(UnsafePointer(values), index) }

  /// The numbers of a chunk's channels.
  @inline(__always)
  static func channels(_ values: UnsafePointer<Float>?, of chunk: Blocks.Chunk, default number: Float) -> Self {
    values.map { Self($0, chunk.channel) } ?? Self(repeating: number)
  }
}
