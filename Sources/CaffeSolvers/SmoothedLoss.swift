/// The mean of the last few losses (`average_loss`).
struct SmoothedLoss {
  /// The losses in the order in which they came.
  private(set) var recent: [Float] = []

  init() {}

  /// Goes on from losses that were recorded before, the oldest first.
  init(recent: [Float]) { self.recent = recent }

  /// Summed anew and in order each time, so that a resumed run has the very mean of an uninterrupted one.
  var mean: Float {
    recent.isEmpty ? 0 : Float(recent.reduce(0.0) { $0 + Double($1) } / Double(recent.count))
  }

  mutating func add(_ loss: Float, keeping count: Int) {
    recent.append(loss)
    if recent.count > count { recent.removeFirst(recent.count - count) }
  }
}
