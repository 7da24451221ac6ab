public import CaffeKernels

extension WinogradTiles {
  /// Transforms some tiles of some blocks of outputs back, and applies the epilogue.
  ///
  /// - Parameters:
  ///   - transformed: Block 0 of the first of these tiles.
  ///   - tileCount: How many tiles lie side by side in `transformed`.
  ///   - outputs: How many outputs there are in all: what is beyond them in the last block is set to zero.
  ///   - destination: The first block of the first item, as float32 or, if it is narrow, as bfloat16. An addend is float32, and there
  ///     is none to a narrow destination.
  public func transformDestination(
    _ transformed: UnsafePointer<Float>, tileCount: Int, place: Int, blocks: Range<Int>, tiles: Range<Int>,
    outputs: Int, epilogue: Epilogue, into destination: UnsafeMutableRawPointer, isNarrow: Bool, itemStride: Int
  ) {
    @inline(__always) func transform(size: Int, isNarrow: Bool) {
      transformDestination(
        size: size, transformed, tileCount: tileCount, place: place, blocks: blocks, tiles: tiles, outputs: outputs,
        epilogue: epilogue, into: MutableActivations(destination, isNarrow: isNarrow), itemStride: itemStride)
    }
    switch (kernel, isNarrow) {
    case (3, false): transform(size: 4, isNarrow: false)
    case (3, true): transform(size: 4, isNarrow: true)
    case (_, false): transform(size: 2, isNarrow: false)
    case (_, true): transform(size: 2, isNarrow: true)
    }
  }

  /// The size is a literal where this is inlined.
  @inline(__always)
  private func transformDestination(
    size: Int, _ transformed: UnsafePointer<Float>, tileCount: Int, place: Int, blocks: Range<Int>, tiles: Range<Int>,
    outputs: Int, epilogue: Epilogue, into destination: MutableActivations, itemStride: Int
  ) {
    let pixels = output.height &* output.width
    let first = position(tiles.lowerBound)
    var block = blocks.lowerBound
    while block < blocks.upperBound {
      let plane = destination + block &* pixels &* 16
      let addend = epilogue.addend.map { $0 + block &* pixels &* 16 }
      let channel = block &* 16
      let valid = min(16, outputs &- channel)
      let finish = BlockEpilogue(epilogue, firstOutput: channel, count: valid)
      var position = first
      var source = transformed + block &* tileCount &* 16
      var tile = tiles.lowerBound
      while tile < tiles.upperBound {
        let y0 = position.row &* size
        let x0 = position.column &* size
        let offset = (y0 &* output.width &+ x0) &* 16
        let rows = min(size, output.height &- y0)
        let columns = min(size, output.width &- x0)
        let target = plane + (position.item &* itemStride &+ offset)
        let sums = addend.map { $0 + (position.item &* epilogue.addendItemStride &+ offset) }
        let result = destinationTile(size: size, source, place: place)
        unrolled(size) { y in
          guard y < rows else { return }
          unrolled(size) { x in
            guard x < columns else { return }
            let pixel = (y &* output.width &+ x) &* 16
            var value = finish.scaled(result[y &* 4 &+ x])
            if let sums { value += sums.load(pixel) }
            target.store(finish.finished(value), pixel)
          }
        }
        source += 16
        advance(&position)
        tile &+= 1
      }
      block &+= 1
    }
  }
}

/// Y = Aᵀ M A, in rows of 4.
@inline(__always)
private func destinationTile(size: Int, _ source: UnsafePointer<Float>, place: Int) -> InlineArray<16, Vector> {
  var half = InlineArray<24, Vector> { _ in .zero }
  var result = InlineArray<16, Vector> { _ in .zero }
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

/// Aᵀ m: the powers of each point; ∞ counts for the highest alone.
@inline(__always)
private func destinationTransform(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector, size: Int
) -> (Vector, Vector, Vector, Vector) {
  let (a, b, a2, b2) = (Points.a, Points.b, Points.a2, Points.b2)
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
