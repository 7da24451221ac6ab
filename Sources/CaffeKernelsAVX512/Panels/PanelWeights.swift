public import CaffeKernels

extension PixelRuns {
  /// Brings row-major weights (outputs × channels × taps) into panels, for some pairs of blocks of outputs.
  public func packWeights(
    _ weights: UnsafePointer<Float>, pairs: Range<Int>, into packed: UnsafeMutablePointer<Float>
  ) {
    for pair in pairs {
      let outputs = min(32, outputs &- pair &* 32)
      let width = outputs > 16 ? 32 : 16
      let filters = weights + pair &* 32 &* channels &* taps
      let panel = packed + pair &* 32 &* taps &* lanes
      for tap in 0..<taps {
        // A few channels at a time, so that what is written stays in the nearest cache.
        var lane = 0
        while lane < lanes {
          let end = min(lane &+ 64, lanes)
          let target = panel + tap &* lanes &* width
          for output in 0..<width {
            let filter = filters + (output &* channels &* taps &+ tap)
            for l in lane..<end {
              target[l &* width &+ output] = output < outputs ? weight(filter, lane: l) : 0
            }
          }
          lane = end
        }
      }
    }
  }

  /// What a lane holds of a filter's weights.
  @inline(__always)
  private func weight(_ filter: UnsafePointer<Float>, lane: Int) -> Float {
    guard isNarrow else { return filter[lane &* taps] }
    let low = Self.bfloat16(filter[2 &* lane &* taps])
    let high = 2 &* lane &+ 1 < channels ? Self.bfloat16(filter[(2 &* lane &+ 1) &* taps]) : 0
    return Float(bitPattern: high &<< 16 | low)
  }

  /// The bits of the nearest number in bfloat16, of two equally near ones the even one.
  @inline(__always)
  private static func bfloat16(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    // In what is not a number, the carry could make one of it.
    return value == value ? (bits &+ 0x7fff &+ (bits &>> 16 & 1)) &>> 16 : 0x7fc0
  }
}
