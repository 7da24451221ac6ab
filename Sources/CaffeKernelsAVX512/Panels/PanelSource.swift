public import CaffeKernels

extension PixelRuns {
  /// Copies some planes (blocks of channels of an item) of a source, with zeros around it, taken apart into phases.
  ///
  /// - Parameters:
  ///   - height, width: Of the source as it lies in memory.
  ///   - planes: Counted through all items.
  public func copySource(
    _ source: UnsafePointer<Float>, itemStride: Int, height: Int, width: Int, padTop: Int, padLeft: Int,
    planes: Range<Int>, into copy: UnsafeMutablePointer<Float>
  ) {
    var target = copy + planes.lowerBound &* sourcePixels &* 16
    for plane in planes {
      let item = plane / sourceBlocks
      let image = source + (item &* itemStride &+ (plane &- item &* sourceBlocks) &* height &* width &* 16)
      for phase in 0..<(phases.down &* phases.right) {
        let (top, left) = (phase / phases.right &- padTop, phase % phases.right &- padLeft)
        for row in 0..<sourceHeight {
          let y = row &* stride.down &+ top
          let isInside = y >= 0 && y < height
          for column in 0..<sourceWidth {
            let x = column &* stride.right &+ left
            target.store(isInside && x >= 0 && x < width ? image.load((y &* width &+ x) &* 16) : .zero, 0)
            target += 16
          }
        }
      }
    }
  }
}
