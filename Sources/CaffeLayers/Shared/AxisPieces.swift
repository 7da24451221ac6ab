internal import CaffeCore

/// A tensor in pieces along one axis: what Concat joins and Slice cuts.
struct AxisPieces {
  private var outer = 1
  private var inner = 1
  private var extents: [Int] = []
  private var starts: [Int] = []
  /// The extent of the whole.
  private(set) var total = 0

  init() {}

  /// Pieces of these extents along `axis`; the other axes are those of `shape`.
  init(_ extents: [Int], of shape: Shape, axis: Int) {
    self.extents = extents
    outer = shape.count(..<axis)
    inner = shape.count((axis + 1)...)
    for extent in extents {
      starts.append(total)
      total += extent
    }
  }

  /// Copies piece `index` to its place in the whole.
  func join(_ piece: Buffer, _ index: Int, into whole: UnsafeMutableBufferPointer<Float>) {
    let source = piece.values.baseAddress!
    let size = extents[index] * inner
    for item in 0..<outer {
      (whole.baseAddress! + (item * total + starts[index]) * inner).update(from: source + item * size, count: size)
    }
  }

  /// Copies piece `index` out of the whole.
  func cut(_ index: Int, from whole: Buffer, into piece: Buffer) {
    let source = whole.values.baseAddress!
    let target = piece.uninitializedValues.baseAddress!
    let size = extents[index] * inner
    for item in 0..<outer {
      (target + item * size).update(from: source + (item * total + starts[index]) * inner, count: size)
    }
  }
}
