internal import CaffeCore

/// A tensor in pieces along one axis: what Concat joins and Slice cuts.
struct AxisPieces {
  private var outer = 1
  private var inner = 1
  private var axis = 0
  private var extents: [Int] = []
  private var starts: [Int] = []
  private var shapes: [Shape] = []
  private var whole = Shape()

  init() {}

  /// Pieces of these extents along `axis`; the other axes are those of `shape`.
  init(_ extents: [Int], of shape: Shape, axis: Int) throws(NetError) {
    self.extents = extents
    self.axis = axis
    outer = shape.count(..<axis)
    inner = shape.count((axis + 1)...)
    var total = 0
    for extent in extents {
      starts.append(total)
      total += extent
    }
    func piece(_ extent: Int) throws(NetError) -> Shape {
      try Shape(checking: shape.axes(..<axis) + [extent] + shape.axes((axis + 1)...))
    }
    for extent in extents { shapes.append(try piece(extent)) }
    whole = try piece(total)
  }

  /// The extent of the whole along the axis.
  var total: Int { whole.rank > axis ? whole[axis] : 0 }

  /// The shape of the whole.
  var wholeShape: Shape { whole }

  /// Joins pieces into the whole.
  func join(_ pieces: [Buffer], into whole: Buffer, on engine: any Engine) {
    let order = pieces.indices.lazy.compactMap { cuttable(engine.order(of: pieces[$0], shapes[$0]), on: engine) }.first
    let target = engine.overwrite(whole, in: order.flatMap { engine.order(like: $0, self.whole) })
    for (index, piece) in pieces.enumerated() {
      let source = engine.read(piece, in: order.flatMap { engine.order(like: $0, shapes[index]) })
      let size = extents[index] * inner
      forEachItem(on: engine) { item in
        (target + (item * total + starts[index]) * inner).update(from: source + item * size, count: size)
      }
    }
  }

  /// Copies piece `index` out of the whole.
  func cut(_ index: Int, from whole: Buffer, into piece: Buffer, on engine: any Engine) {
    let order = cuttable(engine.order(of: whole, self.whole), on: engine)
    let source = engine.read(whole, in: order)
    let target = engine.overwrite(piece, in: order.flatMap { engine.order(like: $0, shapes[index]) })
    let size = extents[index] * inner
    forEachItem(on: engine) { item in
      (target + item * size).update(from: source + (item * total + starts[index]) * inner, count: size)
    }
  }

  /// The order, if the pieces lie in it as they do in row-major order: behind each other, in whole blocks of channels.
  private func cuttable(_ order: (any MemoryOrder)?, on engine: any Engine) -> (any MemoryOrder)? {
    guard let order, let block = order.channelBlock, axis <= 1, whole.rank > 2 else { return nil }
    let channels = axis == 1 ? extents : [whole[1]]
    guard channels.allSatisfy({ $0 % block == 0 }), engine.order(like: order, whole) != nil,
      shapes.allSatisfy({ engine.order(like: order, $0) != nil })
    else { return nil }
    return order
  }

  private func forEachItem(on engine: any Engine, _ body: (Int) -> Void) {
    guard whole.count > 16384 else { return (0..<outer).forEach(body) }
    engine.divide(outer) { $0.forEach(body) }
  }
}
