extension Bitmap {
  /// The image at another size, interpolated linearly: bit for bit what OpenCV's `resize` makes of 8-bit images by default.
  ///
  ///     x = (column + ½) · width / newWidth − ½,   y alike; beyond the border the border counts
  ///
  /// Weights are whole numbers of 1 / 2048. Exactly half the size is the mean of 2×2 pixels. Shrinking does not smooth.
  public func resized(height newHeight: Int, width newWidth: Int) -> Bitmap {
    precondition(newHeight > 0 && newWidth > 0, "an image has pixels")
    if newHeight == height, newWidth == width { return self }
    let isHalf = 2 * newHeight == height && 2 * newWidth == width
    return Bitmap(newHeight, newWidth, channels) { target in
      // The number of channels is a constant in each of these, so that their loops unroll.
      switch channels {
      case 1: isHalf ? halve(1, into: target) : interpolate(1, newHeight, newWidth, into: target)
      case 3: isHalf ? halve(3, into: target) : interpolate(3, newHeight, newWidth, into: target)
      default: isHalf ? halve(4, into: target) : interpolate(4, newHeight, newWidth, into: target)
      }
    }
  }

  @inline(__always)
  private func halve(_ channels: Int, into target: UnsafeMutableBufferPointer<UInt8>) {
    pixels.withUnsafeBufferPointer { pixels in
      guard let source = pixels.baseAddress, let target = target.baseAddress else { return }
      let line = width * channels
      for y in 0..<height / 2 {
        let above = source + 2 * y * line
        let below = above + line
        let output = target + y * line / 2
        for x in 0..<width / 2 {
          for channel in 0..<channels {
            let left = 2 &* x &* channels &+ channel
            let right = left &+ channels
            let sum = UInt32(above[left]) &+ UInt32(above[right]) &+ UInt32(below[left]) &+ UInt32(below[right])
            output[x &* channels &+ channel] = UInt8(truncatingIfNeeded: (sum &+ 2) &>> 2)
          }
        }
      }
    }
  }

  /// Where the value at a place of the new axis comes from: between two neighbours, with a weight of each.
  private struct Tap {
    var first: Int
    var weights: (Int32, Int32)
  }

  /// - Parameter clamps: whether places outside the border get the border's value with full weight.
  private static func taps(_ newCount: Int, of count: Int, clamps: Bool) -> [Tap] {
    let scale = 1 / (Double(newCount) / Double(count))
    return (0..<newCount).map { index in
      let place = Float((Double(index) + 0.5) * scale - 0.5)
      var first = place.rounded(.down)
      var fraction = place - first
      if clamps, first < 0 { (first, fraction) = (0, 0) }
      if clamps, Int(first) >= count - 1 { (first, fraction) = (Float(count - 1), 0) }
      return Tap(
        first: Int(first),
        weights: (
          Int32(((1 - fraction) * 2048).rounded(.toNearestOrEven)), Int32((fraction * 2048).rounded(.toNearestOrEven))
        ))
    }
  }

  /// Interpolates along rows, then between two such rows.
  @inline(__always)
  private func interpolate(
    _ channels: Int, _ newHeight: Int, _ newWidth: Int, into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let columns = Self.taps(newWidth, of: width, clamps: true)
    let rows = Self.taps(newHeight, of: height, clamps: false)
    let count = newWidth * channels
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 2 * count) { lines in
      guard let first = lines.baseAddress, let output = target.baseAddress else { return }
      var lines = (first, first + count)
      // Which row of the image each of the two lines holds.
      var held = (-1, -1)
      for (row, tap) in rows.enumerated() {
        let wanted = (min(max(tap.first, 0), height - 1), min(max(tap.first + 1, 0), height - 1))
        if wanted.0 == held.1, wanted.0 != held.0 {
          swap(&lines.0, &lines.1)
          (held.0, held.1) = (held.1, held.0)
        }
        if wanted.0 != held.0 { stretch(channels, wanted.0, columns, into: lines.0) }
        if wanted.1 != held.1 { stretch(channels, wanted.1, columns, into: lines.1) }
        held = wanted
        blend(lines.0, Int16(tap.weights.0), lines.1, Int16(tap.weights.1), count, into: output + row * count)
      }
    }
  }

  /// Writes the weighted mean of two lines.
  private func blend(
    _ above: UnsafePointer<Int16>, _ upper: Int16, _ below: UnsafePointer<Int16>, _ lower: Int16, _ count: Int,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    for x in 0..<count {
      let sum = high(upper, above[x]) &+ high(lower, below[x])
      output[x] = UInt8(truncatingIfNeeded: (sum &+ 2) &>> 2)
    }
  }

  /// Writes a row at the new width: sixteenths of the weighted sums, as far as the second step looks at them.
  @inline(__always)
  private func stretch(_ channels: Int, _ row: Int, _ columns: [Tap], into line: UnsafeMutablePointer<Int16>) {
    pixels.withUnsafeBufferPointer { pixels in
      columns.withUnsafeBufferPointer { columns in
        guard let start = pixels.baseAddress.map({ $0 + row * width * channels }) else { return }
        for (index, tap) in columns.enumerated() {
          let place = tap.first &* channels
          // A tap on the last column has no right neighbour, and no weight for it.
          let next = tap.weights.1 == 0 ? place : place &+ channels
          let target = line + index &* channels
          for channel in 0..<channels {
            let sum = Int32(start[place &+ channel]) &* tap.weights.0 &+ Int32(start[next &+ channel]) &* tap.weights.1
            target[channel] = Int16(truncatingIfNeeded: sum &>> 4)
          }
        }
      }
    }
  }
}

/// The upper half of a product: one instruction for eight of them.
@inline(__always)
private func high(_ a: Int16, _ b: Int16) -> Int16 { Int16(truncatingIfNeeded: (Int32(a) &* Int32(b)) &>> 16) }
