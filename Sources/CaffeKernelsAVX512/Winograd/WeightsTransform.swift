public import CaffeKernels

extension WinogradTiles {
  /// Transforms filters for some pairs of blocks of outputs.
  public func transformWeights(
    _ weights: UnsafePointer<Float>, in order: FilterOrder, channels: Int, outputs: Int,
    pairs: Range<Int>, into transformed: UnsafeMutablePointer<Float>
  ) {
    let blocks = (outputs &+ 15) / 16
    let place = Self.weightsPlace(channels: channels, outputs: outputs)
    let taps = kernel &* kernel
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 25 * 16) { taken in
      let taken = taken.baseAddress!
      for block in (2 &* pairs.lowerBound)..<min(2 &* pairs.upperBound, blocks) {
        let pair = block / 2
        let width = 2 &* pair &+ 2 <= blocks ? 32 : 16
        let target = transformed + (pair &* channels &* 32 &+ (block & 1) &* 16)
        let valid = min(16, outputs &- block &* 16)
        for i in 0..<(taps &* 16) { taken[i] = 0 }
        for channel in 0..<channels {
          let filters = weights + (order.output.offset(block &* 16) &+ order.channel.offset(channel) &+ order.firstTap)
          if order.output.lane == 1 {
            for tap in 0..<taps { taken.store(UnsafePointer(filters).load(tap &* order.tap), tap &* 16) }
          } else {
            for output in 0..<valid {
              let filter = filters + output &* order.output.lane
              for tap in 0..<taps { taken[tap &* 16 &+ output] = filter[tap &* order.tap] }
            }
          }
          let u = target + channel &* width
          if points == 4 {
            transformSmallFilters(taken, into: u, place: place)
          } else if kernel == 3 {
            transformFilters(size: 3, taken, into: u, place: place)
          } else {
            transformFilters(size: 5, taken, into: u, place: place)
          }
        }
      }
    }
  }
}

/// U = G g Gᵀ for the filters of 16 outputs; the size is a literal where this is inlined.
@inline(__always)
private func transformFilters(
  size: Int, _ filters: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, place: Int
) {
  var half = InlineArray<30, Vector> { _ in .zero }
  unrolled(size) { x in
    let g = filters + x &* 16
    let row = size &* 16
    let t = filterTransform(
      g.load(0), g.load(row), g.load(2 &* row), size > 3 ? g.load(3 &* row) : .zero,
      size > 3 ? g.load(4 &* row) : .zero, size: size)
    half[x] = t.0
    half[5 &+ x] = t.1
    half[10 &+ x] = t.2
    half[15 &+ x] = t.3
    half[20 &+ x] = t.4
    half[25 &+ x] = t.5
  }
  unrolled(6) { y in
    let row = y &* 5
    let t = filterTransform(half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3], half[row &+ 4], size: size)
    let u = target + y &* 6 &* place
    u.store(t.0, 0)
    u.store(t.1, place)
    u.store(t.2, 2 &* place)
    u.store(t.3, 3 &* place)
    u.store(t.4, 4 &* place)
    u.store(t.5, 5 &* place)
  }
}

/// G g: the filter's polynomial at each point, divided by the product of the point's distances from the others.
@inline(__always)
private func filterTransform(
  _ g0: Vector, _ g1: Vector, _ g2: Vector, _ g3: Vector, _ g4: Vector, size: Int
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (SixPoints.a, SixPoints.b, SixPoints.a2, SixPoints.b2)
  var evenA = g0.addingProduct(a2, g2)
  var oddA = a * g1
  var evenB = g0.addingProduct(b2, g2)
  var oddB = b * g1
  if size == 5 {
    evenA.addProduct(a2 * a2, g4)
    oddA.addProduct(a * a2, g3)
    evenB.addProduct(b2 * b2, g4)
    oddB.addProduct(b * b2, g3)
  }
  let scaleA = 1 / (2 * a2 * (a2 - b2))
  let scaleB = 1 / (2 * b2 * (b2 - a2))
  return (
    g0 * (1 / (a2 * b2)),
    (evenA + oddA) * scaleA, (evenA - oddA) * scaleA,
    (evenB + oddB) * scaleB, (evenB - oddB) * scaleB,
    size == 5 ? g4 : g2
  )
}

/// The same for filters of 3×3 at 4 points.
@inline(__always)
private func transformSmallFilters(
  _ filters: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, place: Int
) {
  var half = InlineArray<12, Vector> { _ in .zero }
  unrolled(3) { x in
    let t = smallFilterTransform(filters.load(x &* 16), filters.load((3 &+ x) &* 16), filters.load((6 &+ x) &* 16))
    half[x] = t.0
    half[3 &+ x] = t.1
    half[6 &+ x] = t.2
    half[9 &+ x] = t.3
  }
  unrolled(4) { y in
    let row = y &* 3
    let t = smallFilterTransform(half[row], half[row &+ 1], half[row &+ 2])
    let u = target + y &* 4 &* place
    u.store(t.0, 0)
    u.store(t.1, place)
    u.store(t.2, 2 &* place)
    u.store(t.3, 3 &* place)
  }
}

@inline(__always)
private func smallFilterTransform(
  _ g0: Vector, _ g1: Vector, _ g2: Vector
) -> (Vector, Vector, Vector, Vector) {
  let even = g0 + g2
  return (-g0, (even + g1) * 0.5, (even - g1) * 0.5, g2)
}
