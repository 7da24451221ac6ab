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
    if isNarrow {
      transformSource(
        Activations(source, isNarrow: true), itemStride: itemStride, blocks: blocks, tiles: tiles, into: transformed,
        tileCount: tileCount, place: place)
    } else {
      transformSource(
        Activations(source, isNarrow: false), itemStride: itemStride, blocks: blocks, tiles: tiles, into: transformed,
        tileCount: tileCount, place: place)
    }
  }

  @inline(__always)
  private func transformSource(
    _ source: Activations, itemStride: Int, blocks: Range<Int>, tiles: Range<Int>,
    into transformed: UnsafeMutablePointer<Float>, tileCount: Int, place: Int
  ) {
    let pixels = input.height &* input.width
    let first = position(tiles.lowerBound)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 36 * 16) { window in
      let window = window.baseAddress!
      var block = blocks.lowerBound
      while block < blocks.upperBound {
        let plane = source + block &* pixels &* 16
        var position = first
        var target = transformed + block &* tileCount &* 16
        var tile = tiles.lowerBound
        while tile < tiles.upperBound {
          let top = position.row &* size &- pad.top
          let left = position.column &* size &- pad.left
          let image = plane + position.item &* itemStride
          if top >= 0 && left >= 0 && top &+ 6 <= input.height && left &+ 6 <= input.width {
            transformTile(
              image + (top &* input.width &+ left) &* 16, rowStride: input.width &* 16, into: target, place: place)
          } else {
            copyWindow(image, top: top, left: left, into: window)
            transformTile(Activations(window, isNarrow: false), rowStride: 96, into: target, place: place)
          }
          target += 16
          advance(&position)
          tile &+= 1
        }
        block &+= 1
      }
    }
  }

  /// 6×6 pixels from an image, with zeros outside.
  @inline(__always)
  private func copyWindow(
    _ image: Activations, top: Int, left: Int, into window: UnsafeMutablePointer<Float>
  ) {
    var target = window
    for y in top..<(top &+ 6) {
      let isInside = y >= 0 && y < input.height
      for x in left..<(left &+ 6) {
        target.store(
          isInside && x >= 0 && x < input.width ? image.load((y &* input.width &+ x) &* 16) : .zero, 0)
        target += 16
      }
    }
  }
}

/// V = Bᵀ d B for 6×6 pixels of 16 channels.
@inline(__always)
private func transformTile(
  _ source: Activations, rowStride: Int, into target: UnsafeMutablePointer<Float>, place: Int
) {
  var half = InlineArray<36, Vector> { _ in .zero }
  unrolled(6) { x in
    let d = source + x &* 16
    let t = sourceTransform(
      d.load(0), d.load(rowStride), d.load(2 &* rowStride), d.load(3 &* rowStride), d.load(4 &* rowStride),
      d.load(5 &* rowStride))
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

/// Bᵀ d: the coefficients of x (x² − a²) (x² − b²) without one of its factors each.
@inline(__always)
private func sourceTransform(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (Points.a, Points.b, Points.a2, Points.b2)
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
