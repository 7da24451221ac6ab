public import CaffeCore
public import CaffeProto

/// Repeats a blob along one axis: the whole of it, then the whole again. dx is the sum over the copies.
///
/// | blob        | shape                 |
/// |-------------|-----------------------|
/// | `bottom[0]` | … × A × …             |
/// | `top[0]`    | … × (tiles · A) × …   |
///
/// | parameter | default           |
/// |-----------|-------------------|
/// | `axis`    | 1                 |
/// | `tiles`   | required, above 0 |
public final class TileLayer: Layer {
  public static let type = "Tile"

  private let parameter: TileParameter
  private let tiles: Int
  /// The number and the size of the blocks that are repeated.
  private var blocks = 0
  private var size = 0

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.tileParam
    tiles = Int(parameter.tiles)
    guard tiles > 0 else { throw NetError("Number of tiles must be positive.", remedy: "set tiles in tile_param") }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(Int(parameter.axis))
    blocks = shape.count(..<axis)
    size = shape.count(axis...)
    top[0].reshape(to: try Shape(checking: shape.axes(..<axis) + [shape[axis] * tiles] + shape.axes((axis + 1)...)))
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    for copy in 0..<blocks * tiles { (y + copy * size).update(from: x + copy / tiles * size, count: size) }
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues.baseAddress!
    for copy in 0..<blocks * tiles {
      let source = dy + copy * size
      let target = dx + copy / tiles * size
      if copy % tiles == 0 {
        target.update(from: source, count: size)
      } else {
        for i in 0..<size { target[i] += source[i] }
      }
    }
  }
}
