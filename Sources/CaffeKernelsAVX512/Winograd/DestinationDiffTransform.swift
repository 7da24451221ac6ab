public import CaffeKernels

extension WinogradTiles {
  /// Transforms the gradients of some tiles of some blocks of outputs: D = A dY Aᵀ, the transpose of what makes the outputs.
  ///
  /// - Parameters:
  ///   - diff: The gradient of the first block of the first item.
  ///   - transformed: Where the transform of block 0 and of the first of these tiles belongs.
  ///   - tileCount: How many tiles lie side by side in `transformed`.
  ///   - sums: What the gradients of each output are added to; nil if nobody wants that.
  public func transformDestinationDiff(
    _ diff: UnsafePointer<Float>, itemStride: Int, blocks: Range<Int>, tiles: Range<Int>,
    into transformed: UnsafeMutablePointer<Float>, tileCount: Int, place: Int, sums: UnsafeMutablePointer<Float>?
  ) {
    if kernel == 3 {
      transformDestinationDiff(
        size: 4, diff, itemStride: itemStride, blocks: blocks, tiles: tiles, into: transformed, tileCount: tileCount,
        place: place, sums: sums)
    } else {
      transformDestinationDiff(
        size: 2, diff, itemStride: itemStride, blocks: blocks, tiles: tiles, into: transformed, tileCount: tileCount,
        place: place, sums: sums)
    }
  }

  /// The size is a literal where this is inlined.
  @inline(__always)
  private func transformDestinationDiff(
    size: Int, _ diff: UnsafePointer<Float>, itemStride: Int, blocks: Range<Int>, tiles: Range<Int>,
    into transformed: UnsafeMutablePointer<Float>, tileCount: Int, place: Int, sums: UnsafeMutablePointer<Float>?
  ) {
    let pixels = output.height &* output.width
    let first = position(tiles.lowerBound)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * 16) { window in
      let window = window.baseAddress!
      var block = blocks.lowerBound
      while block < blocks.upperBound {
        let plane = diff + block &* pixels &* 16
        var target = transformed + block &* tileCount &* 16
        var position = first
        var sum = Vector.zero
        var tile = tiles.lowerBound
        while tile < tiles.upperBound {
          let top = position.row &* size
          let left = position.column &* size
          let image = plane + (position.item &* itemStride &+ (top &* output.width &+ left) &* 16)
          if top &+ size <= output.height && left &+ size <= output.width {
            sum += transformTile(size: size, image, rowStride: output.width &* 16, into: target, place: place)
          } else {
            var y = 0
            while y < size {
              var x = 0
              while x < size {
                let isInside = top &+ y < output.height && left &+ x < output.width
                window.store(isInside ? image.load((y &* output.width &+ x) &* 16) : .zero, (y &* size &+ x) &* 16)
                x &+= 1
              }
              y &+= 1
            }
            sum += transformTile(size: size, window, rowStride: size &* 16, into: target, place: place)
          }
          target += 16
          advance(&position)
          tile &+= 1
        }
        if let sums { sums.store(sums.load(block &* 16) + sum, block &* 16) }
        block &+= 1
      }
    }
  }
}

/// Transforms the gradients of a tile, and returns their sum.
@inline(__always)
private func transformTile(
  size: Int, _ source: UnsafePointer<Float>, rowStride: Int, into target: UnsafeMutablePointer<Float>, place: Int
) -> Vector {
  var half = InlineArray<24, Vector> { _ in .zero }
  var sum = Vector.zero
  @inline(__always) func transformColumn(_ x: Int) {
    let d = source + x &* 16
    let (d0, d1) = (d.load(0), d.load(rowStride))
    let d2 = size == 4 ? d.load(2 &* rowStride) : .zero
    let d3 = size == 4 ? d.load(3 &* rowStride) : .zero
    sum += (d0 + d1) + (d2 + d3)
    let t = diffTransform(d0, d1, d2, d3, size: size)
    half[x] = t.0
    half[4 &+ x] = t.1
    half[8 &+ x] = t.2
    half[12 &+ x] = t.3
    half[16 &+ x] = t.4
    half[20 &+ x] = t.5
  }
  unrolled(size, transformColumn)
  @inline(__always) func transformRow(_ y: Int) {
    let row = y &* 4
    let t = diffTransform(half[row], half[row &+ 1], half[row &+ 2], half[row &+ 3], size: size)
    let v = target + y &* 6 &* place
    v.store(t.0, 0)
    v.store(t.1, place)
    v.store(t.2, 2 &* place)
    v.store(t.3, 3 &* place)
    v.store(t.4, 4 &* place)
    v.store(t.5, 5 &* place)
  }
  unrolled(6, transformRow)
  return sum
}

/// A y: the polynomial with these coefficients at each point; at ∞ that is its highest.
@inline(__always)
private func diffTransform(
  _ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector, size: Int
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (SixPoints.a, SixPoints.b, SixPoints.a2, SixPoints.b2)
  if size == 2 {
    return (
      y0, y0.addingProduct(a, y1), y0.addingProduct(-a, y1), y0.addingProduct(b, y1), y0.addingProduct(-b, y1), y1
    )
  }
  let evenA = y0.addingProduct(a2, y2)
  let oddA = (a * y1).addingProduct(a * a2, y3)
  let evenB = y0.addingProduct(b2, y2)
  let oddB = (b * y1).addingProduct(b * b2, y3)
  return (y0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, y3)
}
