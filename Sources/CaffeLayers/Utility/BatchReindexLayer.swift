public import CaffeCore
public import CaffeProto

/// Picks items of a batch, in any order and any number of times: y[i] = x[index[i]], dx[index[i]] += dy[i].
///
/// | blob        | shape                                          |
/// |-------------|------------------------------------------------|
/// | `bottom[0]` | x: N × …                                       |
/// | `bottom[1]` | index: M; 0 to N − 1; it has no gradient       |
/// | `top[0]`    | M × …                                          |
public final class BatchReindexLayer: Layer {
  public static let type = "BatchReindex"
  public static let bottomCount = BlobCount.exactly(2)

  private var items: [Int] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) {}

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index == 0 }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard bottom[1].shape.rank == 1 else {
      throw NetError("the index blob must have 1 axis, but its shape is \(bottom[1].shape)")
    }
    let first = try shape.axis(0)
    top[0].reshape(to: try Shape(checking: [bottom[1].count] + shape.axes((first + 1)...)))
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    try readItems(bottom)
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    let size = bottom[0].shape.count(1...)
    for (target, item) in items.enumerated() {
      (y + target * size).update(from: x + item * size, count: size)
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("Cannot backprop to index.") }
    guard propagate[0] else { return }
    try readItems(bottom)
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues
    dx.update(repeating: 0)
    let size = bottom[0].shape.count(1...)
    for (source, item) in items.enumerated() {
      for i in 0..<size { dx[item * size + i] += dy[source * size + i] }
    }
  }

  /// Reads the index blob, all of whose numbers must be items of the batch.
  private func readItems(_ bottom: [Blob]) throws(NetError) {
    let batch = bottom[0].shape[0]
    items.removeAll(keepingCapacity: true)
    for (position, value) in bottom[1].data.values.enumerated() {
      guard !(value <= -1) else {
        throw NetError("Index specified for reindex layer was negative. (\(value) at \(position))")
      }
      guard let item = wholeNumber(value), item < batch else {
        throw NetError(
          "Index specified for reindex layer was greater than batch size. (\(value) at \(position) of \(batch) items)")
      }
      items.append(item)
    }
  }
}
