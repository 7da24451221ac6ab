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
      let panel = packed + pair &* 32 &* taps &* channels
      for tap in 0..<taps {
        // A few channels at a time, so that what is written stays in the nearest cache.
        var channel = 0
        while channel < channels {
          let end = min(channel &+ 64, channels)
          let target = panel + tap &* channels &* width
          for output in 0..<width {
            let filter = filters + (output &* channels &* taps &+ tap)
            for c in channel..<end { target[c &* width &+ output] = output < outputs ? filter[c &* taps] : 0 }
          }
          channel = end
        }
      }
    }
  }
}
