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
    var target = UnsafeMutableRawPointer(copy + planes.lowerBound &* sourcePixels &* blockLanes)
    for plane in planes {
      let item = plane / sourceBlocks
      let image = source + (item &* itemStride &+ (plane &- item &* sourceBlocks) &* height &* width &* blockLanes)
      for phase in 0..<(phases.down &* phases.right) {
        let (top, left) = (phase / phases.right &- padTop, phase % phases.right &- padLeft)
        for row in 0..<sourceHeight {
          let y = row &* stride.down &+ top
          let isInside = y >= 0 && y < height
          for column in 0..<sourceWidth {
            let x = column &* stride.right &+ left
            let pixel = isInside && x >= 0 && x < width ? image + (y &* width &+ x) &* blockLanes : nil
            if isNarrow {
              target.copy(pixel, as: SIMD8<Float>.self)
            } else {
              target.copy(pixel, as: Vector.self)
            }
          }
        }
      }
    }
  }
}

extension UnsafeMutableRawPointer {
  /// Copies some lanes, or zeros where there are none, and moves on.
  @inline(__always)
  fileprivate mutating func copy<Lanes: SIMD>(_ lanes: UnsafePointer<Float>?, as type: Lanes.Type)
  where Lanes.Scalar == Float {
    let values = lanes.map { UnsafeRawPointer($0).loadUnaligned(as: type) } ?? Lanes(repeating: 0)
    storeBytes(of: values, as: type)
    self += MemoryLayout<Lanes>.size
  }
}
