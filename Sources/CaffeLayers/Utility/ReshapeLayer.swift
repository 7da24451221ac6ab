public import CaffeCore
public import CaffeProto

/// Gives a blob another shape of the same count. Nothing is copied: the top shares the bottom's values and gradient.
///
/// | blob        | shape                                                              |
/// |-------------|--------------------------------------------------------------------|
/// | `bottom[0]` | any; not in place                                                  |
/// | `top[0]`    | as the bottom, the axes from `axis` on replaced by those of `shape` |
///
/// | parameter   | default                                                                        |
/// |-------------|--------------------------------------------------------------------------------|
/// | `shape.dim` | each > 0 an extent; 0: that of the bottom's axis in the same place; −1, once: the rest |
/// | `axis`      | 0; −1 is behind the last                                                       |
/// | `num_axes`  | −1: all that follow; 0: insert                                                 |
public final class ReshapeLayer: Layer {
  public static let type = "Reshape"

  private let axis: Int
  private let axisCount: Int
  private let dimensions: [Int]

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.reshapeParam
    axis = Int(parameter.axis)
    axisCount = Int(parameter.numAxes)
    dimensions = parameter.shape.dim.map { Int(clamping: $0) }
    guard axisCount >= -1 else { throw NetError("num_axes must be >= 0, or -1 for all") }
    if let wrong = dimensions.first(where: { $0 < -1 }) { throw NetError("dim is \(wrong), but it is at least -1") }
    guard dimensions.count(where: { $0 == -1 }) <= 1 else {
      throw NetError("new shape contains multiple -1 dims; at most a single (1) value of -1 may be specified")
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let start = axis >= 0 ? axis : shape.rank + axis + 1
    guard 0...shape.rank ~= start else {
      throw NetError("axis \(axis) out of range for \(shape.rank)-D Blob with shape \(shape)")
    }
    let end = axisCount == -1 ? shape.rank : start + axisCount
    guard end <= shape.rank else { throw NetError("end_axis = axis + num_axes is out of range") }
    var new = dimensions
    for (index, dimension) in new.enumerated() where dimension == 0 {
      new[index] = shape[try shape.axis(start + index)]
    }
    let kept = shape.axes(..<start)
    let rest = shape.axes(end...)
    if let inferred = new.firstIndex(of: -1) {
      new[inferred] = 1
      let known = try Shape(checking: kept + new + rest).count
      guard known > 0, shape.count % known == 0 else {
        throw NetError(
          "bottom count must be divisible by the product of the specified dimensions (\(shape.count) by \(known))")
      }
      new[inferred] = shape.count / known
    }
    let result = try Shape(checking: kept + new + rest)
    guard result.count == shape.count else {
      throw NetError("output count must match input count (\(result.count) vs. \(shape.count))")
    }
    top[0].reshape(to: result)
    top[0].share(bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {}
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}
