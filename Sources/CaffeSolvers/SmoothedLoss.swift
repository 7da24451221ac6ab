/// The mean of the last few losses.
struct SmoothedLoss {
  private(set) var recent: [Float] = []
  private(set) var mean: Float = 0
  private var next = 0

  init() {}

  /// Goes on from losses that were recorded before, the oldest first.
  init(recent: [Float]) {
    self.recent = recent
    mean = recent.isEmpty ? 0 : recent.reduce(0, +) / Float(recent.count)
  }

  mutating func add(_ loss: Float, keeping count: Int) {
    if recent.count < count {
      recent.append(loss)
      mean = (mean * Float(recent.count - 1) + loss) / Float(recent.count)
    } else {
      next %= count
      mean += (loss - recent[next]) / Float(count)
      recent[next] = loss
      next += 1
    }
  }

  /// The losses in the order in which they came.
  var inOrder: [Float] { Array(recent[next...] + recent[..<next]) }
}
