/// Sums over the places of a chunk.
public enum ChannelMoments {
  /// Σ g and Σ g · (x − shift)
  @inlinable @inline(__always)
  public static func products<V: ChannelLanes>(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, shift: V, count: Int
  ) -> (total: V, product: V) {
    // Two sums each: less rounding, and no addition waits for the one before.
    var totals = (V(), V())
    var products = (V(), V())
    let step = V.scalarCount
    var i = 0
    while i &+ step < count {
      let gradients = (V(g, i), V(g, i &+ step))
      totals.0 += gradients.0
      totals.1 += gradients.1
      products.0 += gradients.0 * (V(x, i) - shift)
      products.1 += gradients.1 * (V(x, i &+ step) - shift)
      i &+= 2 &* step
    }
    if i < count {
      let gradient = V(g, i)
      totals.0 += gradient
      products.0 += gradient * (V(x, i) - shift)
    }
    return (totals.0 + totals.1, products.0 + products.1)
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
