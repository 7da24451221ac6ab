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
    var weights: (Int16, Int16)
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
          Int16(((1 - fraction) * 2048).rounded(.toNearestOrEven)), Int16((fraction * 2048).rounded(.toNearestOrEven))
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
    // Pixels are written four values at a time, so each line has room for one more behind its last three.
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 2 * (count + 4)) { lines in
      guard let first = lines.baseAddress, let output = target.baseAddress else { return }
      var lines = (first, first + count + 4)
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
        blend(lines.0, tap.weights.0, lines.1, tap.weights.1, count, into: output + row * count)
      }
    }
  }

  /// Writes the weighted mean of two lines, eight values at a time.
  private func blend(
    _ above: UnsafePointer<Int16>, _ upper: Int16, _ below: UnsafePointer<Int16>, _ lower: Int16, _ count: Int,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    var x = 0
    while x + 8 <= count {
      let first = UnsafeRawPointer(above + x).loadUnaligned(as: SIMD8<Int16>.self)
      let second = UnsafeRawPointer(below + x).loadUnaligned(as: SIMD8<Int16>.self)
      let sum = high(SIMD8(repeating: upper), first) &+ high(SIMD8(repeating: lower), second)
      UnsafeMutableRawPointer(output + x).storeBytes(
        of: SIMD8<UInt8>(truncatingIfNeeded: (sum &+ 2) &>> 2), as: SIMD8<UInt8>.self)
      x += 8
    }
    while x < count {
      let sum = (Int32(upper) &* Int32(above[x])) &>> 16 &+ (Int32(lower) &* Int32(below[x])) &>> 16
      output[x] = UInt8(truncatingIfNeeded: (sum &+ 2) &>> 2)
      x += 1
    }
  }

  /// Writes a row at the new width: sixteenths of the weighted sums, as far as the second step looks at them.
  @inline(__always)
  private func stretch(_ channels: Int, _ row: Int, _ columns: [Tap], into line: UnsafeMutablePointer<Int16>) {
    let place = row * width * channels
    let left = pixels.count - place
    pixels.withUnsafeBufferPointer { pixels in
      columns.withUnsafeBufferPointer { columns in
        guard let start = pixels.baseAddress.map({ $0 + place }) else { return }
        for (index, tap) in columns.enumerated() {
          let place = tap.first &* channels
          // A tap on the last column has no right neighbour, and no weight for it.
          let next = tap.weights.1 == 0 ? place : place &+ channels
          let target = line + index &* channels
          if channels > 1, next &+ 4 <= left {
            mix(start + place, start + next, tap.weights, into: target)
          } else {
            for channel in 0..<channels {
              let sum =
                Int32(start[place &+ channel]) &* Int32(tap.weights.0)
                &+ Int32(start[next &+ channel]) &* Int32(tap.weights.1)
              target[channel] = Int16(truncatingIfNeeded: sum &>> 4)
            }
          }
        }
      }
    }
  }

  /// Mixes four values of one pixel and of another, reckoned in pairs: one instruction for all products and their sums.
  @inline(__always)
  private func mix(
    _ first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>, _ weights: (Int16, Int16),
    into target: UnsafeMutablePointer<Int16>
  ) {
    let a = UnsafeRawPointer(first).loadUnaligned(as: SIMD4<UInt8>.self)
    let b = UnsafeRawPointer(second).loadUnaligned(as: SIMD4<UInt8>.self)
    let values = SIMD8<Int16>(truncatingIfNeeded: SIMD8<UInt8>(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]))
    let (left, right) = weights
    let pairs = SIMD8<Int16>(left, right, left, right, left, right, left, right)
    let products = SIMD8<Int32>(truncatingIfNeeded: values) &* SIMD8<Int32>(truncatingIfNeeded: pairs)
    let sums = (products.evenHalf &+ products.oddHalf) &>> 4
    UnsafeMutableRawPointer(target).storeBytes(of: SIMD4<Int16>(truncatingIfNeeded: sums), as: SIMD4<Int16>.self)
  }
}

/// The upper halves of the products: one instruction for all eight.
@inline(__always)
private func high(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> {
  SIMD8(truncatingIfNeeded: (SIMD8<Int32>(truncatingIfNeeded: a) &* SIMD8<Int32>(truncatingIfNeeded: b)) &>> 16)
}
