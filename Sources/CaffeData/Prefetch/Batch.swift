internal import CaffeCore

/// Images or other rows with their labels, on their way from the thread that reads to the net.
final class Batch: @unchecked Sendable {
  // Safe to send: a batch belongs to whoever took it last out of one of the prefetcher's two queues.
  var shape: Shape = [0]
  var labelShape: Shape = [0]
  let data = Buffer()
  let labels = Buffer()
  /// How many items of the source had been used up when this batch was full.
  var end: UInt64 = 0

  func resize(_ shape: Shape, labels labelShape: Shape) {
    self.shape = shape
    self.labelShape = labelShape
    data.resize(to: shape.count)
    labels.resize(to: labelShape.count)
  }
}
