internal import CaffeCore

/// The values of a data layer's tops, on their way from the thread that reads to the net.
final class Batch: @unchecked Sendable {
  // Safe to send: a batch belongs to whoever took it last out of one of the prefetcher's two queues.
  private(set) var shapes: [Shape] = []
  private(set) var buffers: [Buffer] = []
  /// How many items of the source had been used up when this batch was full.
  var end: UInt64 = 0

  func resize(_ shapes: [Shape]) {
    self.shapes = shapes
    while buffers.count < shapes.count { buffers.append(Buffer()) }
    for (buffer, shape) in zip(buffers, shapes) { buffer.resize(to: shape.count) }
  }
}
