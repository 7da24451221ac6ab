public import CaffeKernels

extension WinogradTiles {
  /// Transforms some tiles of some blocks of channels.
  ///
  /// - Parameters:
  ///   - source: The first block of the first item, as float32 or, if it is narrow, as bfloat16.
  ///   - transformed: Where the transform of block 0 and of the first of these tiles belongs.
  ///   - tileCount: How many tiles lie side by side in `transformed`.
  ///   - place: Floats from one place of `transformed` to the next.
  public func transformSource(
    _ source: UnsafeRawPointer, isNarrow: Bool, itemStride: Int, blocks: Range<Int>, tiles: Range<Int>,
    into transformed: UnsafeMutablePointer<Float>, tileCount: Int, place: Int
  ) {
    let source = source.assumingMemoryBound(to: Float.self)
    let pass = SourceTransform(
      tiles: self, source: source, itemStride: itemStride, blocks: blocks, range: tiles, transformed: transformed,
      tileCount: tileCount, place: place)
    switch (points, isNarrow) {
    case (6, false): pass.run(Points<6>.self, FloatLanes.self)
    case (6, true): pass.run(Points<6>.self, BFloat16Lanes.self)
    case (_, false): pass.run(Points<4>.self, FloatLanes.self)
    case (_, true): pass.run(Points<4>.self, BFloat16Lanes.self)
    }
  }
}

private struct SourceTransform {
  let tiles: WinogradTiles
  let source: UnsafePointer<Float>
  /// Counts values, not lanes.
  let itemStride: Int
  let blocks: Range<Int>
  let range: Range<Int>
  let transformed: UnsafeMutablePointer<Float>
  let tileCount: Int
  let place: Int

  func run<let points: Int, Values: StoredValues>(_: Points<points>.Type, _: Values.Type) {
    let (height, width) = tiles.input
    let lanes = Values.blockLanes
    let first = tiles.position(range.lowerBound)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: points &* points &* 16) { window in
      let window = window.baseAddress!
      var block = blocks.lowerBound
      while block < blocks.upperBound {
        let plane = source + block &* height &* width &* lanes
        var position = first
        var target = transformed + block &* tileCount &* 16
        var tile = range.lowerBound
        while tile < range.upperBound {
          let top = position.row &* tiles.size &- tiles.pad.top
          let left = position.column &* tiles.size &- tiles.pad.left
          let image = plane + position.item &* (itemStride &* lanes / 16)
          if top >= 0 && left >= 0 && top &+ points <= height && left &+ points <= width {
            transformTile(
              points: points, Values.self, image + (top &* width &+ left) &* lanes, rowStride: width &* lanes,
              into: target, place: place)
          } else {
            copyWindow(points: points, Values.self, image, top: top, left: left, into: window)
            transformTile(
              points: points, FloatLanes.self, window, rowStride: points &* 16, into: target, place: place)
          }
          target += 16
          tiles.advance(&position)
          tile &+= 1
        }
        block &+= 1
      }
    }
  }

  /// The pixels of a tile from an image, with zeros outside.
  @inline(__always)
  private func copyWindow<Values: StoredValues>(
    points: Int, _: Values.Type, _ image: UnsafePointer<Float>, top: Int, left: Int,
    into window: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = tiles.input
    var target = window
    for y in top..<(top &+ points) {
      let isInside = y >= 0 && y < height
      for x in left..<(left &+ points) {
        let isInside = isInside && x >= 0 && x < width
        target.store(isInside ? Values.load(image + (y &* width &+ x) &* Values.blockLanes) : .zero, 0)
        target += 16
      }
    }
  }
}

/// V = Bᵀ d B for the pixels of a tile, of 16 channels each; the number of points is a literal where this is inlined.
@inline(__always)
private func transformTile<Values: StoredValues>(
  points: Int, _: Values.Type, _ source: UnsafePointer<Float>, rowStride: Int,
  into target: UnsafeMutablePointer<Float>, place: Int
) {
  if points == 4 {
    return transformSmallTile(Values.self, source, rowStride: rowStride, into: target, place: place)
  }
  var half = InlineArray<36, Vector> { _ in .zero }
  unrolled(6) { x in
    let d = source + x &* Values.blockLanes
    let t = sourceTransform(
      Values.load(d), Values.load(d + rowStride), Values.load(d + 2 &* rowStride), Values.load(d + 3 &* rowStride),
      Values.load(d + 4 &* rowStride), Values.load(d + 5 &* rowStride))
    half[x] = t.0
    half[6 &+ x] = t.1
    half[12 &+ x] = t.2
    half[18 &+ x] = t.3
    half[24 &+ x] = t.4
    half[30 &+ x] = t.5
  }
  unrolled(6) { y in
    let row = y &* 6
    let t = sourceTransform(half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3], half[row &+ 4], half[row &+ 5])
    let v = target + row &* place
    v.store(t.0, 0)
    v.store(t.1, place)
    v.store(t.2, 2 &* place)
    v.store(t.3, 3 &* place)
    v.store(t.4, 4 &* place)
    v.store(t.5, 5 &* place)
  }
}

@inline(__always)
private func transformSmallTile<Values: StoredValues>(
  _: Values.Type, _ source: UnsafePointer<Float>, rowStride: Int, into target: UnsafeMutablePointer<Float>, place: Int
) {
  var half = InlineArray<16, Vector> { _ in .zero }
  unrolled(4) { x in
    let d = source + x &* Values.blockLanes
    let t = smallSourceTransform(
      Values.load(d), Values.load(d + rowStride), Values.load(d + 2 &* rowStride), Values.load(d + 3 &* rowStride))
    half[x] = t.0
    half[4 &+ x] = t.1
    half[8 &+ x] = t.2
    half[12 &+ x] = t.3
  }
  unrolled(4) { y in
    let row = y &* 4
    let t = smallSourceTransform(half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3])
    let v = target + row &* place
    v.store(t.0, 0)
    v.store(t.1, place)
    v.store(t.2, 2 &* place)
    v.store(t.3, 3 &* place)
  }
}

/// Bᵀ d for 4 points: the coefficients of x (x² − 1) without one of its factors each.
@inline(__always)
private func smallSourceTransform(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector
) -> (Vector, Vector, Vector, Vector) {
  (d2 - d0, d2 + d1, d2 - d1, d3 - d1)
}

/// Bᵀ d: the coefficients of x (x² − a²) (x² − b²) without one of its factors each.
@inline(__always)
private func sourceTransform(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (SixPoints.a, SixPoints.b, SixPoints.a2, SixPoints.b2)
  let evenA = d4.addingProduct(-b2, d2)
  let oddA = d3.addingProduct(-b2, d1)
  let evenB = d4.addingProduct(-a2, d2)
  let oddB = d3.addingProduct(-a2, d1)
  return (
    d4.addingProduct(-(a2 + b2), d2).addingProduct(a2 * b2, d0),
    evenA.addingProduct(a, oddA), evenA.addingProduct(-a, oddA),
    evenB.addingProduct(b, oddB), evenB.addingProduct(-b, oddB),
    d5.addingProduct(-(a2 + b2), d3).addingProduct(a2 * b2, d1)
  )
}
