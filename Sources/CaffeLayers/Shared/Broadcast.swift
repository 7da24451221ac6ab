internal import CaffeCore

/// How a small tensor meets a large one: the large one is outer × size × inner values, the small one has `size`, and each
/// of these meets a run of `inner` values in each of `outer` items.
struct Broadcast: Hashable {
  let outer: Int
  let size: Int
  let inner: Int

  /// The small shape covers the large one's axes from `axis` on; a scalar meets everything.
  ///
  /// - Throws: `NetError` when it does not fit there. `name` is what users call the small tensor.
  init(of small: Shape, over large: Shape, axis: Int, name: String) throws(NetError) {
    let axis = small.rank == 0 ? 0 : try large.axis(axis)
    guard large.rank >= axis + small.rank else {
      throw NetError(
        "\(name) blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis \(axis)")
    }
    for i in 0..<small.rank where large[axis + i] != small[i] {
      throw NetError(
        "dimension mismatch between bottom[0]->shape(\(axis + i)) and \(name)->shape(\(i)) "
          + "(\(large[axis + i]) vs. \(small[i]))")
    }
    outer = large.count(..<axis)
    size = small.count
    inner = large.count((axis + small.rank)...)
  }

  /// The shape of a learned tensor that covers `count` axes from `axis` on; −1 means all of them.
  static func shape(over large: Shape, axis: Int, count: Int, name: String) throws(NetError) -> Shape {
    let axis = try large.axis(axis)
    guard count >= -1 else {
      throw NetError("num_axes must be non-negative, or -1 to extend to the end of bottom[0]")
    }
    guard count == -1 || axis + count <= large.rank else {
      throw NetError(
        "\(name) blob's shape extends past bottom[0]'s shape when applied starting with bottom[0] axis \(axis)")
    }
    return Shape(large.axes(axis..<(count == -1 ? large.rank : axis + count)))
  }
}
