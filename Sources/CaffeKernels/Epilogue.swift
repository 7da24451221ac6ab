/// What happens to a convolution's sums before they are stored:
///
///     y = f(scale[c] · sum + shift[c] + addend),   f(x) = x > 0 ? x : negativeSlope · x
///
/// Each part may be missing.
@frozen
public struct Epilogue {
  /// For each output.
  public var scale: UnsafePointer<Float>?
  /// For each output.
  public var shift: UnsafePointer<Float>?
  /// Values that lie, and are stored, as the destination's; they may be the destination's own.
  public var addend: UnsafePointer<Float>?
  public var addendItemStride: Int
  public var negativeSlope: Float?

  @inlinable
  public init(
    scale: UnsafePointer<Float>? = nil, shift: UnsafePointer<Float>? = nil, addend: UnsafePointer<Float>? = nil,
    addendItemStride: Int = 0, negativeSlope: Float? = nil
  ) {
    self.scale = scale
    self.shift = shift
    self.addend = addend
    self.addendItemStride = addendItemStride
    self.negativeSlope = negativeSlope
  }
}
