public import CaffeCore
public import CaffeProto

/// The positions of the largest values, largest first. Of equal values the one behind comes first; NaN comes last. There is no
/// gradient.
///
/// | blob        | shape                                                                                          |
/// |-------------|------------------------------------------------------------------------------------------------|
/// | `bottom[0]` | N × …                                                                                          |
/// | `top[0]`    | with `axis`: as the bottom, but `top_k` long along it: positions, or values with `out_max_val` |
/// |             | without: N × 1 × top_k × 1…: positions in the flattened item                                   |
/// |             | without, with `out_max_val`: N × 2 × top_k × 1…: positions, then values                        |
///
/// | parameter     | default               |
/// |---------------|-----------------------|
/// | `top_k`       | 1                     |
/// | `out_max_val` | false                 |
/// | `axis`        | none: the whole item  |
public final class ArgMaxLayer: Layer {
  public static let type = "ArgMax"

  private let topK: Int
  private let axisNumber: Int?
  private let givesValues: Bool
  /// Sequences of `extent` values, `inner` apart from each other.
  private var extent = 0
  private var inner = 1
  /// The positions of one sequence, best first.
  private var order: [Int] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.argmaxParam
    topK = Int(parameter.topK)
    axisNumber = parameter.hasAxis ? Int(parameter.axis) : nil
    givesValues = parameter.outMaxVal
    guard topK >= 1 else { throw NetError("top_k must not be less than 1.") }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(axisNumber ?? 0)
    extent = axisNumber == nil ? shape.count(1...) : shape[axis]
    inner = axisNumber == nil ? 1 : shape.count((axis + 1)...)
    guard topK <= extent else {
      let what = axisNumber == nil ? "number of classes" : "dimension of the axis"
      throw NetError("top_k must be less than or equal to the \(what). (\(topK) of \(extent))")
    }
    let padding = Array(repeating: 1, count: max(shape.rank - 3, 0))
    top[0].reshape(
      to: axisNumber == nil
        ? try Shape(checking: [shape[0], givesValues ? 2 : 1, topK] + padding)
        : Shape(shape.axes(..<axis) + [topK] + shape.axes((axis + 1)...)))
    if order.count != extent { order = Array(0..<extent) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values
    let y = top[0].data.uninitializedValues
    let givesPairs = givesValues && axisNumber == nil
    for sequence in 0..<x.count / extent {
      let start = sequence / inner * extent * inner + sequence % inner
      rank { x[start + $0 * inner] }
      for (place, position) in order.prefix(topK).enumerated() {
        let value = x[start + position * inner]
        if givesPairs {
          y[(2 * sequence) * topK + place] = Float(position)
          y[(2 * sequence + 1) * topK + place] = value
        } else {
          y[(sequence / inner * topK + place) * inner + sequence % inner] = givesValues ? value : Float(position)
        }
      }
    }
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[0] else {
      throw NetError("ArgMax has no gradient: Not Implemented Yet", remedy: "remove what asks for it downstream")
    }
  }

  /// Brings the best positions to the front of `order`.
  private func rank(_ value: (Int) -> Float) {
    func precedes(_ a: Int, _ b: Int) -> Bool {
      let first = value(a)
      let second = value(b)
      if first == second || first.isNaN && second.isNaN { return a > b }
      return first > second || second.isNaN
    }
    guard topK == 1 else { return order.sort(by: precedes) }
    var best = 0
    for position in 1..<extent where precedes(position, best) { best = position }
    order[0] = best
  }
}
