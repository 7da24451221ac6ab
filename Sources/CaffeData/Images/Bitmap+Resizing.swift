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
      pixels.withUnsafeBufferPointer { pixels in
        guard let source = pixels.baseAddress, let target = target.baseAddress else { return }
        isHalf ? halve(source, into: target) : interpolate(source, newHeight, newWidth, into: target)
      }
    }
  }

  private func halve(_ source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>) {
    let line = width * channels
    for y in 0..<height / 2 {
      let above = source + 2 * y * line
      let output = target + y * line / 2
      // A constant number of channels lets the loop unroll.
      switch channels {
      case 1: means(above, above + line, 1, width / 2, into: output)
      case 3: means(above, above + line, 3, width / 2, into: output)
      default: means(above, above + line, 4, width / 2, into: output)
      }
    }
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
  private func interpolate(
    _ source: UnsafePointer<UInt8>, _ newHeight: Int, _ newWidth: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    let columns = Self.taps(newWidth, of: width, clamps: true)
    let rows = Self.taps(newHeight, of: height, clamps: false)
    let count = newWidth * channels
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 2 * count) { lines in
      guard let first = lines.baseAddress else { return }
      var lines = (first, first + count)
      // Which row of the image each of the two lines holds.
      var held = (-1, -1)
      for (row, tap) in rows.enumerated() {
        let wanted = (min(max(tap.first, 0), height - 1), min(max(tap.first + 1, 0), height - 1))
        if wanted.0 == held.1, wanted.0 != held.0 {
          swap(&lines.0, &lines.1)
          (held.0, held.1) = (held.1, held.0)
        }
        if wanted.0 != held.0 { widen(source, wanted.0, columns, into: lines.0) }
        if wanted.1 != held.1 { widen(source, wanted.1, columns, into: lines.1) }
        held = wanted
        blend(
          lines.0, Int16(tap.weights.0), lines.1, Int16(tap.weights.1), count, into: target + row * count)
      }
    }
  }

  /// Writes a row at the new width.
  private func widen(
    _ source: UnsafePointer<UInt8>, _ row: Int, _ columns: [Tap], into line: UnsafeMutablePointer<Int16>
  ) {
    let start = source + row * width * channels
    columns.withUnsafeBufferPointer { columns in
      switch channels {
      case 1: stretch(start, columns, 1, into: line)
      case 3: stretch(start, columns, 3, into: line)
      default: stretch(start, columns, 4, into: line)
      }
    }
  }
}

/// Where the value at a place of the new axis comes from: between two neighbours, with a weight of each.
private struct Tap {
  var first: Int
  var weights: (Int32, Int32)
}

/// Writes sixteenths of the weighted sums of neighbours, as far as the second step looks at them.
@inline(__always)
private func stretch(
  _ start: UnsafePointer<UInt8>, _ columns: UnsafeBufferPointer<Tap>, _ channels: Int,
  into line: UnsafeMutablePointer<Int16>
) {
  var target = line
  for tap in columns {
    let first = start + tap.first &* channels
    // A tap on the last column has no right neighbour, and no weight for it.
    let second = tap.weights.1 == 0 ? first : first + channels
    for channel in 0..<channels {
      let sum = Int32(first[channel]) &* tap.weights.0 &+ Int32(second[channel]) &* tap.weights.1
      target[channel] = Int16(truncatingIfNeeded: sum &>> 4)
    }
    target += channels
  }
}

/// Writes the means of 2×2 pixels.
@inline(__always)
private func means(
  _ above: UnsafePointer<UInt8>, _ below: UnsafePointer<UInt8>, _ channels: Int, _ count: Int,
  into output: UnsafeMutablePointer<UInt8>
) {
  for x in 0..<count {
    for channel in 0..<channels {
      let left = 2 &* x &* channels &+ channel
      let right = left &+ channels
      let sum = UInt32(above[left]) &+ UInt32(above[right]) &+ UInt32(below[left]) &+ UInt32(below[right])
      output[x &* channels &+ channel] = UInt8(truncatingIfNeeded: (sum &+ 2) &>> 2)
    }
  }
}

/// Writes the weighted mean of two lines; a function of its own, as it then becomes one multiplication of eight values.
@inline(never)
private func blend(
  _ above: UnsafePointer<Int16>, _ upper: Int16, _ below: UnsafePointer<Int16>, _ lower: Int16, _ count: Int,
  into output: UnsafeMutablePointer<UInt8>
) {
  for x in 0..<count {
    let sum = ((Int32(upper) &* Int32(above[x])) &>> 16) &+ ((Int32(lower) &* Int32(below[x])) &>> 16)
    output[x] = UInt8(truncatingIfNeeded: (sum &+ 2) &>> 2)
  }
}
