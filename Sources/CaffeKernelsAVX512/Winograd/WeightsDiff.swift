public import CaffeKernels

extension WinogradTiles {
  /// Correlates transformed sources with transformed gradients of the destination, for some of the 36 places: their part in
  /// the gradient of the transformed weights, in the order of those, but one place right after the other.
  ///
  /// - Parameters:
  ///   - adds: Whether the products are added to what `weightsDiff` holds.
  ///   - tileCount: How many tiles there are, in source and gradient.
  public static func correlate(
    _ source: UnsafePointer<Float>, sourcePlace: Int, _ diff: UnsafePointer<Float>, diffPlace: Int, tileCount: Int,
    channels: Int, outputBlocks: Int, places: Range<Int>, into weightsDiff: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    var place = places.lowerBound
    while place < places.upperBound {
      let v = source + place &* sourcePlace
      let d = diff + place &* diffPlace
      let u = weightsDiff + place &* outputBlocks &* channels &* 16
      var channel = 0
      while channel < channels {
        // Eight channels at a time, or what is left.
        let count = min(8, channels &- channel)
        let x = v + ((channel &>> 4) &* tileCount &* 16 &+ (channel & 15))
        var block = 0
        while block < outputBlocks {
          let correlation = Correlation(
            source: x, diff: d + block &* tileCount &* 16, diffStride: tileCount &* 16, tiles: tileCount,
            result: u + (block &* channels &* 16 &+ channel &* (block &+ 2 <= outputBlocks ? 32 : 16)), count: count,
            adds: adds)
          if block &+ 2 <= outputBlocks { correlation.wide() } else { correlation.narrow() }
          block &+= 2
        }
        channel &+= 8
      }
      place &+= 1
    }
  }

  /// Transforms the gradient of transformed weights into that of the weights, for some blocks of outputs: dg = Gᵀ dU G.
  ///
  /// - Parameters:
  ///   - weightsDiff: In blocks of 16 channels × 16 outputs, as `FilterOrder.blocked` says; its padding becomes zero.
  ///   - adds: Whether the result is added to what is there.
  public static func transformWeightsDiff(
    _ transformed: UnsafePointer<Float>, kernel: Int, channels: Int, outputs: Int, blocks: Range<Int>,
    into weightsDiff: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    let outputBlocks = (outputs &+ 15) / 16
    let place = outputBlocks &* channels &* 16
    let order = FilterOrder.blocked(channels: channels, taps: kernel &* kernel)
    for block in blocks {
      let pair = block / 2
      let width = 2 &* pair &+ 2 <= outputBlocks ? 32 : 16
      for channel in 0..<channels {
        let u = transformed + (pair &* channels &* 32 &+ (block & 1) &* 16 &+ channel &* width)
        let target = weightsDiff + (order.output.offset(block &* 16) &+ order.channel.offset(channel))
        if kernel == 3 {
          transformFilters(size: 3, u, place: place, into: target, adds: adds)
        } else {
          transformFilters(size: 5, u, place: place, into: target, adds: adds)
        }
      }
    }
  }
}

/// Sums over tiles of products of at most eight channels with one or two blocks of outputs.
private struct Correlation {
  let source: UnsafePointer<Float>
  let diff: UnsafePointer<Float>
  let diffStride: Int
  let tiles: Int
  let result: UnsafeMutablePointer<Float>
  let count: Int
  let adds: Bool

  func wide() {
    var sums = InlineArray<8, Vector> { _ in .zero }
    var moreSums = sums
    var x = source
    var d = diff
    let end = diff + tiles &* 16
    while d < end {
      let (w, more) = (d.load(0), d.load(diffStride))
      @inline(__always) func addProducts(_ channel: Int) {
        let factor = Vector(repeating: x[channel])
        sums[channel].addProduct(factor, w)
        moreSums[channel].addProduct(factor, more)
      }
      unrolled(8, addProducts)
      x += 16
      d += 16
    }
    @inline(__always) func store(_ channel: Int) {
      guard channel < count else { return }
      let target = result + channel &* 32
      target.store(adds ? target.load(0) + sums[channel] : sums[channel], 0)
      target.store(adds ? target.load(16) + moreSums[channel] : moreSums[channel], 16)
    }
    unrolled(8, store)
  }

  func narrow() {
    var sums = InlineArray<8, Vector> { _ in .zero }
    var x = source
    var d = diff
    let end = diff + tiles &* 16
    while d < end {
      let w = d.load(0)
      @inline(__always) func addProduct(_ channel: Int) {
        sums[channel].addProduct(Vector(repeating: x[channel]), w)
      }
      unrolled(8, addProduct)
      x += 16
      d += 16
    }
    @inline(__always) func store(_ channel: Int) {
      guard channel < count else { return }
      let target = result + channel &* 16
      target.store(adds ? target.load(0) + sums[channel] : sums[channel], 0)
    }
    unrolled(8, store)
  }
}

/// The size is a literal where this is inlined.
@inline(__always)
private func transformFilters(
  size: Int, _ source: UnsafePointer<Float>, place: Int, into target: UnsafeMutablePointer<Float>, adds: Bool
) {
  var half = InlineArray<30, Vector> { _ in .zero }
  @inline(__always) func transformColumn(_ x: Int) {
    let u = source + x &* place
    let t = filterDiffTransform(
      u.load(0), u.load(6 &* place), u.load(12 &* place), u.load(18 &* place), u.load(24 &* place),
      u.load(30 &* place), size: size)
    half[x] = t.0
    half[6 &+ x] = t.1
    half[12 &+ x] = t.2
    half[18 &+ x] = t.3
    half[24 &+ x] = t.4
  }
  unrolled(6, transformColumn)
  @inline(__always) func transformRow(_ y: Int) {
    let row = y &* 6
    let t = filterDiffTransform(
      half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3], half[row &+ 4], half[row &+ 5], size: size)
    let g = target + y &* size &* 256
    @inline(__always) func store(_ value: Vector, _ tap: Int) {
      g.store(adds ? g.load(tap &* 256) + value : value, tap &* 256)
    }
    store(t.0, 0)
    store(t.1, 1)
    store(t.2, 2)
    if size == 5 {
      store(t.3, 3)
      store(t.4, 4)
    }
  }
  unrolled(size, transformRow)
}

/// Gᵀ u: what each coefficient of a filter contributes to its values at the points.
@inline(__always)
private func filterDiffTransform(
  _ u0: Vector, _ u1: Vector, _ u2: Vector, _ u3: Vector, _ u4: Vector, _ u5: Vector, size: Int
) -> (Vector, Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (SixPoints.a, SixPoints.b, SixPoints.a2, SixPoints.b2)
  let scaleA = 1 / (2 * a2 * (a2 - b2))
  let scaleB = 1 / (2 * b2 * (b2 - a2))
  let evenA = (u1 + u2) * scaleA
  let oddA = (u1 - u2) * scaleA
  let evenB = (u3 + u4) * scaleB
  let oddB = (u3 - u4) * scaleB
  let g0 = (evenA + evenB).addingProduct(1 / (a2 * b2), u0)
  let g1 = (a * oddA).addingProduct(b, oddB)
  let g2 = (a2 * evenA).addingProduct(b2, evenB)
  if size == 3 { return (g0, g1, g2 + u5, .zero, .zero) }
  return (
    g0, g1, g2,
    (a * a2 * oddA).addingProduct(b * b2, oddB),
    (a2 * a2 * evenA).addingProduct(b2 * b2, evenB) + u5
  )
}
