internal import CaffeCore
internal import Logging

/// The batches that a data layer hands out one after the other, read ahead by a background thread.
///
/// Nothing is read before the first batch is asked for.
final class BatchFeed {
  private(set) var seed: UInt64
  /// How many items of the source the batches handed out have used up.
  private(set) var position: UInt64 = 0

  private let depth: Int
  private let memoryLimit: Int?
  private let logger: Logger?
  private let start: (_ seed: UInt64, _ position: UInt64, _ batches: [Batch]) throws -> Prefetcher<Batch>
  private var prefetcher: Prefetcher<Batch>?
  /// The batch that comes next, once somebody has looked at it.
  private var upcoming: Batch?
  private var waits = 0

  /// - Parameter depth: `data_param.prefetch`, how many batches are read ahead.
  /// - Parameter memoryLimit: How many bytes all batches together may take, if there is a limit.
  /// - Parameter logger: Is told when a batch is waited for; nil where Caffe does not read ahead and says nothing.
  /// - Parameter start: Starts to fill batches from a position on.
  init(
    seed: UInt64, depth: UInt32, memoryLimit: Int? = nil, logger: Logger?,
    start: @escaping (_ seed: UInt64, _ position: UInt64, _ batches: [Batch]) throws -> Prefetcher<Batch>
  ) throws(NetError) {
    guard (1...1000).contains(depth) else {
      throw NetError("data_param.prefetch is \(depth), but 1 to 1000 batches can be read ahead")
    }
    self.seed = seed
    self.depth = Int(depth)
    self.memoryLimit = memoryLimit
    self.logger = logger
    self.start = start
  }

  /// The batch that `forward` will hand out.
  func next() throws -> Batch {
    if let prefetcher, prefetcher.isOrphan {
      // The thread that read ahead is not in this process: another one begins where the batches handed out end.
      upcoming = nil
      self.prefetcher = nil
    }
    if let upcoming { return upcoming }
    let prefetcher =
      try prefetcher ?? start(seed, position, (0..<depth).map { _ in Batch(byteLimit: memoryLimit.map { $0 / depth }) })
    self.prefetcher = prefetcher
    if position > 0, prefetcher.isStarved {
      if waits % 1000 == 0 { logger?.info("Waiting for data") }
      waits += 1
    }
    let batch = try prefetcher.next()
    upcoming = batch
    return batch
  }

  func logShape() throws {
    let shape = try next().shapes[0]
    logger?.info("output data size: \(shape.dimensions.map(String.init).joined(separator: ","))")
  }

  func reshape(_ top: [Blob]) throws {
    for (blob, shape) in zip(top, try next().shapes) { blob.reshape(to: shape) }
  }

  /// Moves the next batch into the tops, without copying.
  func forward(_ top: [Blob]) throws {
    try reshape(top)
    let batch = try next()
    for (blob, buffer) in zip(top, batch.buffers) { blob.data.takeValues(of: buffer) }
    position = batch.end
    upcoming = nil
    prefetcher?.recycle(batch)
  }

  func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
    upcoming = nil
    prefetcher = nil
  }
}
