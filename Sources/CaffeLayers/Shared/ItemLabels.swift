internal import CaffeCore

/// Losses with one label for each item of a batch.
extension LossLayer {
  /// Refuses labels that are not one for each item.
  func checkOneLabelForEachItem(_ bottom: [Blob]) throws(NetError) {
    let items = bottom[0].shape[0]
    guard bottom[1].count == items else {
      throw NetError("there must be one label for each of the \(items) items, but there are \(bottom[1].count)")
    }
  }

  /// Calls `body` with each item and its class.
  func forEachLabel(
    _ bottom: [Blob], classes: Int, _ body: (_ item: Int, _ label: Int) -> Void
  ) throws(NetError) {
    let labels = bottom[1].data.values
    for item in 0..<labels.count {
      guard let label = try classIndex(labels[item], at: item, classes: classes, ignoring: nil) else { continue }
      body(item, label)
    }
  }

  /// N, by which sums over a batch are divided; 1 for an empty batch, whose loss is 0.
  func batchDivisor(_ bottom: [Blob]) -> Float { Float(max(1, bottom[0].shape[0])) }
}
