/// The values of a block of channels at one place.
///
/// Swift compiles comparisons well for concrete vectors only, so each kind has its own.
public protocol ChannelLanes: SIMD where Scalar == Float {
  /// max(x, 0), and NaN for NaN.
  var rectified: Self { get }

  /// These values where the others are positive, else 0.
  func opened(where other: Self) -> Self
}

extension SIMD8<Float>: ChannelLanes {
  @inlinable @inline(__always) public var rectified: Self { replacing(with: 0, where: self .<= 0) }
  @inlinable @inline(__always)
  public func opened(where other: Self) -> Self { replacing(with: 0, where: .!(other .> 0)) }
}

extension SIMD16<Float>: ChannelLanes {
  @inlinable @inline(__always) public var rectified: Self { replacing(with: 0, where: self .<= 0) }
  @inlinable @inline(__always)
  public func opened(where other: Self) -> Self { replacing(with: 0, where: .!(other .> 0)) }
}

extension ChannelLanes {
  /// The values from index on.
  @inlinable @inline(__always)
  public init(_ values: UnsafePointer<Float>, _ index: Int) {
    self = UnsafeRawPointer(values + index).loadUnaligned(as: Self.self)
  }

  @inlinable @inline(__always)
  public init(_ values: UnsafeMutablePointer<Float>, _ index: Int) { self.init(UnsafePointer(values), index) }

  /// The numbers of a chunk's channels.
  @inlinable @inline(__always)
  public static func channels(
    _ values: UnsafePointer<Float>?, of chunk: ChannelChunk, default number: Float
  ) -> Self {
    values.map { Self($0, chunk.channel) } ?? Self(repeating: number)
  }
}

/// A few places of one block of channels, few enough to stay in the nearest cache while several loops go over them.
@frozen
public struct ChannelChunk {
  /// The place of the first value in memory.
  public let start: Int
  /// The number of values.
  public let count: Int
  /// The first channel of the block.
  public let channel: Int

  @inlinable
  public init(start: Int, count: Int, channel: Int) {
    self.start = start
    self.count = count
    self.channel = channel
  }
}
