internal import CInstructions
public import CaffeKernels

extension WinogradTiles {
  /// Transforms some tiles of some blocks of outputs back, and applies the epilogue.
  ///
  /// - Parameters:
  ///   - transformed: Block 0 of the first of these tiles.
  ///   - tileCount: How many tiles lie side by side in `transformed`.
  ///   - outputs: How many outputs there are in all: what is beyond them in the last block is set to zero.
  ///   - destination: The first block of the first item, as float32 or, if it is narrow, as bfloat16; an addend is like it.
  public func transformDestination(
    _ transformed: UnsafePointer<Float>, tileCount: Int, place: Int, blocks: Range<Int>, tiles: Range<Int>,
    outputs: Int, epilogue: Epilogue, into destination: UnsafeMutableRawPointer, isNarrow: Bool, itemStride: Int
  ) {
    let pass = DestinationTransform(
      tiles: self, transformed: transformed, tileCount: tileCount, place: place, blocks: blocks, range: tiles,
      outputs: outputs, epilogue: epilogue, destination: destination.assumingMemoryBound(to: Float.self),
      itemStride: itemStride)
    switch (points, size, isNarrow) {
    case (6, 4, false): pass.run(Points<6>.self, Size<4>.self, FloatLanes.self)
    case (6, 4, true): pass.run(Points<6>.self, Size<4>.self, BFloat16Lanes.self)
    case (6, _, false): pass.run(Points<6>.self, Size<2>.self, FloatLanes.self)
    case (6, _, true): pass.run(Points<6>.self, Size<2>.self, BFloat16Lanes.self)
    case (_, _, false): pass.run(Points<4>.self, Size<2>.self, FloatLanes.self)
    case (_, _, true): pass.run(Points<4>.self, Size<2>.self, BFloat16Lanes.self)
    }
  }
}

/// The size of a tile of outputs, known to the compiler.
private typealias Size<let size: Int> = InlineArray<size, UInt8>

private struct DestinationTransform {
  let tiles: WinogradTiles
  let transformed: UnsafePointer<Float>
  let tileCount: Int
  let place: Int
  let blocks: Range<Int>
  let range: Range<Int>
  let outputs: Int
  let epilogue: Epilogue
  let destination: UnsafeMutablePointer<Float>
  /// Counts values, not lanes.
  let itemStride: Int

  func run<let points: Int, let size: Int, Values: StoredValues>(
    _: Points<points>.Type, _: Size<size>.Type, _: Values.Type
  ) {
    let (height, width) = tiles.output
    let lanes = Values.blockLanes
    let first = tiles.position(range.lowerBound)
    var block = blocks.lowerBound
    while block < blocks.upperBound {
      let plane = destination + block &* height &* width &* lanes
      let addend = epilogue.addend.map { $0 + block &* height &* width &* lanes }
      let channel = block &* 16
      let finish = BlockEpilogue(epilogue, firstOutput: channel, count: min(16, outputs &- channel))
      let isSimple = finish.isSimple
      var position = first
      var source = transformed + block &* tileCount &* 16
      var tile = range.lowerBound
      while tile < range.upperBound {
        let y0 = position.row &* size
        let x0 = position.column &* size
        let offset = (y0 &* width &+ x0) &* lanes
        let rows = min(size, height &- y0)
        let columns = min(size, width &- x0)
        let target = plane + (position.item &* (itemStride &* lanes / 16) &+ offset)
        let sums = addend.map { $0 + (position.item &* (epilogue.addendItemStride &* lanes / 16) &+ offset) }
        // Where the tile after the next one is going to be written.
        @inline(__always) func fetch(_ y: Int) {
          guard y < rows else { return }
          let place = target + (y &* width &+ 2 &* size) &* lanes
          @inline(__always) func fetchPixel(_ x: Int) { caffe_prefetch_for_writing(place + x &* lanes) }
          unrolled(size, fetchPixel)
        }
        unrolled(size, fetch)
        let result = destinationTile(points: points, size: size, source, place: place)
        @inline(__always) func storeRow(_ y: Int) {
          guard y < rows else { return }
          @inline(__always) func store(_ x: Int) {
            guard x < columns else { return }
            let pixel = (y &* width &+ x) &* lanes
            var value = finish.scaled(result[y &* 4 &+ x])
            if let sums { value += Values.load(sums + pixel) }
            Values.store(isSimple ? finish.raised(value) : finish.finished(value), at: target + pixel)
          }
          unrolled(size, store)
        }
        unrolled(size, storeRow)
        source += 16
        tiles.advance(&position)
        tile &+= 1
      }
      block &+= 1
    }
  }
}

/// Y = Aᵀ M A, in rows of 4; points and size are literals where this is inlined.
@inline(__always)
private func destinationTile(
  points: Int, size: Int, _ source: UnsafePointer<Float>, place: Int
) -> InlineArray<16, Vector> {
  var half = InlineArray<24, Vector> { _ in .zero }
  var result = InlineArray<16, Vector> { _ in .zero }
  if points == 4 {
    unrolled(4) { x in
      let m = source + x &* place
      let y = smallDestinationTransform(m.load(0), m.load(4 &* place), m.load(8 &* place), m.load(12 &* place))
      half[x] = y.0
      half[4 &+ x] = y.1
    }
    unrolled(2) { y in
      let row = y &* 4
      let t = smallDestinationTransform(half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3])
      result[row] = t.0
      result[row &+ 1] = t.1
    }
    return result
  }
  unrolled(6) { x in
    let m = source + x &* place
    let y = destinationTransform(
      m.load(0), m.load(6 &* place), m.load(12 &* place), m.load(18 &* place), m.load(24 &* place),
      m.load(30 &* place), size: size)
    half[x] = y.0
    half[6 &+ x] = y.1
    half[12 &+ x] = y.2
    half[18 &+ x] = y.3
  }
  unrolled(size) { y in
    let row = y &* 6
    let t = destinationTransform(
      half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3], half[row &+ 4], half[row &+ 5], size: size)
    result[y &* 4] = t.0
    result[y &* 4 &+ 1] = t.1
    result[y &* 4 &+ 2] = t.2
    result[y &* 4 &+ 3] = t.3
  }
  return result
}

@inline(__always)
private func smallDestinationTransform(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector
) -> (Vector, Vector) {
  (m0 + m1 + m2, m1 - m2 + m3)
}

/// Aᵀ m: the powers of each point; ∞ counts for the highest alone.
@inline(__always)
private func destinationTransform(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector, size: Int
) -> (Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (SixPoints.a, SixPoints.b, SixPoints.a2, SixPoints.b2)
  let evenA = m1 + m2
  let oddA = m1 - m2
  let evenB = m3 + m4
  let oddB = m3 - m4
  let y0 = m0 + evenA + evenB
  if size == 2 { return (y0, m5.addingProduct(a, oddA).addingProduct(b, oddB), .zero, .zero) }
  return (
    y0,
    (oddB * b).addingProduct(a, oddA),
    (evenB * b2).addingProduct(a2, evenA),
    m5.addingProduct(a * a2, oddA).addingProduct(b * b2, oddB)
  )
}
