internal import CaffeCore

/// The values of a data layer's tops, on their way from the thread that reads to the net.
final class Batch: @unchecked Sendable {
  // Safe to send: a batch belongs to whoever took it last out of one of the prefetcher's two queues.
  private(set) var shapes: [Shape] = []
  private(set) var buffers: [Buffer] = []
  /// How many items of the source had been used up when this batch was full.
  var end: UInt64 = 0

  /// How many bytes it may take, if there is a limit.
  private let byteLimit: Int?

  init(byteLimit: Int? = nil) { self.byteLimit = byteLimit }

  func resize(_ shapes: [Shape]) throws(NetError) {
    let bytes = shapes.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride }
    guard bytes <= byteLimit ?? .max else {
      throw NetError(
        "a batch takes \(bytes) bytes, but the limit is \(byteLimit ?? .max) for each of those that are read ahead",
        remedy: "take a smaller batch, or a smaller data_param.prefetch")
    }
    self.shapes = shapes
    while buffers.count < shapes.count { buffers.append(Buffer()) }
    for (buffer, shape) in zip(buffers, shapes) { buffer.resize(to: shape.count) }
  }
}
