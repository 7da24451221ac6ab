/// Sums over the places of a chunk.
public enum ChannelMoments {
  /// Σ g and Σ g · (x − shift)
  @inlinable @inline(__always)
  public static func products<V: ChannelLanes>(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, shift: V, count: Int
  ) -> (total: V, product: V) {
    var total = V()
    var product = V()
    var i = 0
    while i < count {
      let gradient = V(g, i)
      total += gradient
      product += gradient * (V(x, i) - shift)
      i &+= V.scalarCount
    }
    return (total, product)
  }

  /// The mean, and the sum of squares around it.
  @inlinable @inline(__always)
  public static func moments<V: ChannelLanes>(_ x: UnsafePointer<Float>, count: Int) -> (mean: V, square: V) {
    var sum = V()
    var i = 0
    while i < count {
      sum += V(x, i)
      i &+= V.scalarCount
    }
    let mean = sum / Float(count / V.scalarCount)
    var square = V()
    i = 0
    while i < count {
      let distance = V(x, i) - mean
      square += distance * distance
      i &+= V.scalarCount
    }
    return (mean, square)
  }
}
