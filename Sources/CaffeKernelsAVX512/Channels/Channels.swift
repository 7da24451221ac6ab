public import CaffeKernels

/// The loops over channels in blocks of 16, one register for the channels of a place.
public enum ChannelKernels {
  public static func run(_ sum: ChannelSum, _ chunk: ChannelChunk, into y: UnsafeMutablePointer<Float>) {
    sum.run(chunk, into: y, SIMD16<Float>.self)
  }

  public static func products(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, shift: UnsafePointer<Float>, count: Int
  ) -> (total: SIMD16<Float>, product: SIMD16<Float>) {
    ChannelMoments.products(g, x, shift: SIMD16(shift, 0), count: count)
  }

  public static func moments(
    _ x: UnsafePointer<Float>, count: Int
  ) -> (mean: SIMD16<Float>, square: SIMD16<Float>) {
    ChannelMoments.moments(x, count: count)
  }
}
