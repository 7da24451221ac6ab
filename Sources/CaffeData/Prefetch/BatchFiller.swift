internal import CaffeCore
internal import Logging
internal import Synchronization

/// An image of a source, before it is read or decoded.
struct BatchItem: Sendable {
  /// What it is called in messages.
  var name: String
  /// What stands before the name where the image cannot be read, in the original's words.
  var complaint = ""
  /// Reads and decodes it; may run on any thread. An error means that the image is corrupt or cannot be read.
  var load: @Sendable () throws(NetError) -> LoadedImage
}

/// A decoded image with its labels.
struct LoadedImage {
  /// One label without an axis of its own, or any number of them on a second axis.
  enum Labels: Hashable {
    case single(Float)
    case several([Float])
  }

  var labels: Labels
  /// What is wrong with an image that could be read in part only.
  var flaw: String?
  /// The shape of what `write` writes.
  var shape: () throws(NetError) -> ImageShape
  var write: (UnsafeMutableBufferPointer<Float>) throws(NetError) -> Void
}

/// Fills batches with images that are decoded and transformed on several threads; lives on the prefetching thread.
///
/// The result depends on the items alone, not on the number of threads. An item that fails is left out where the user
/// allows it; the next one that is read takes its place. One that could be read in part is left out there too, and counts as it is
/// otherwise, with a warning.
final class BatchFiller {
  private let batchSize: Int
  private let threads: Int
  private let skipsCorrupt: Bool
  private let sourceCount: Int
  private let logger: Logger
  private let nextItem: () throws(NetError) -> BatchItem
  private var used: UInt64
  private var skipped = 0
  private var flawed = 0
  private var failuresInARow = 0

  /// - Parameters:
  ///   - position: How many items were used up before.
  ///   - sourceCount: How many items the source has: when so many fail in a row, there is no good one.
  ///   - nextItem: Reads the items one after the other.
  init(
    batchSize: Int, position: UInt64, threads: Int = usualThreads, skipsCorrupt: Bool = false, sourceCount: Int = 0,
    logger: Logger, nextItem: @escaping () throws(NetError) -> BatchItem
  ) {
    self.batchSize = batchSize
    used = position
    self.threads = threads
    self.skipsCorrupt = skipsCorrupt
    self.sourceCount = sourceCount
    self.logger = logger
    self.nextItem = nextItem
  }

  func fill(_ batch: Batch) throws(NetError) {
    let layout = try placeFirst(in: batch)
    var open = Array(1..<batchSize)
    while !open.isEmpty {
      var items: [BatchItem] = []
      for _ in open { items.append(try next()) }
      // Waking threads for a few pixels costs more than it saves.
      let threads = layout.shape.count * open.count < 1 << 16 ? 1 : threads
      let places = open
      let work = items
      let failures = Mutex<[Int: Failure]>([:])
      let flaws = Mutex<[Int: String]>([:])
      concurrently(work.count, threads: threads) { index in
        switch layout.place(work[index], at: places[index]) {
        case .placed(let flaw?): flaws.withLock { $0[index] = flaw }
        case .placed(nil): break
        case .failed(let failure): failures.withLock { $0[index] = failure }
        }
      }
      for (index, flaw) in flaws.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { warn(of: flaw, in: work[index]) }
      let failed = failures.withLock { $0 }.sorted { $0.key < $1.key }
      if failed.count < open.count { failuresInARow = 0 }
      for (index, failure) in failed { try skip(work[index], failure) }
      open = failed.map { open[$0.key] }
    }
    batch.end = used
  }

  /// Gives the batch the shape of its first image, and puts that in.
  private func placeFirst(in batch: Batch) throws(NetError) -> Layout {
    while true {
      let item = try next()
      let image: LoadedImage
      do {
        image = try item.load()
      } catch {
        try skip(item, Failure(error: error, isCorrupt: true))
        continue
      }
      if let flaw = image.flaw {
        if skipsCorrupt {
          try skip(item, Failure(error: NetError(flaw), isCorrupt: true))
          continue
        }
        warn(of: flaw, in: item)
      }
      failuresInARow = 0
      do throws(NetError) {
        let shape = try image.shape()
        try batch.resize([
          try Shape(checking: [batchSize, shape.channels, shape.height, shape.width]),
          try image.labels.shape(batchSize),
        ])
        let layout = Layout(
          skipsCorrupt: skipsCorrupt, shape: shape, labels: image.labels, data: batch.buffers[0].uninitializedValues,
          labelValues: batch.buffers[1].uninitializedValues)
        try layout.write(image, at: 0)
        return layout
      } catch {
        throw error.concerning(item)
      }
    }
  }

  private func next() throws(NetError) -> BatchItem {
    used += 1
    return try nextItem()
  }

  private func skip(_ item: BatchItem, _ failure: Failure) throws(NetError) {
    let error = failure.error.concerning(item)
    guard failure.isCorrupt, skipsCorrupt else { throw error }
    skipped += 1
    failuresInARow += 1
    guard failuresInARow < max(sourceCount, 1) else {
      throw NetError(
        "skip_corrupt: not one of \(sourceCount) images can be read; the last one: \(error.problem)",
        remedy: error.remedy)
    }
    if Self.isTold(skipped) { logger.warning("Left out \(error.problem) (\(skipped) left out so far)") }
  }

  private func warn(of flaw: String, in item: BatchItem) {
    flawed += 1
    if Self.isTold(flawed) { logger.warning("\(item.name): \(flaw) (\(flawed) such images so far)") }
  }

  /// A line each for some, then one for every thousand.
  private static func isTold(_ count: Int) -> Bool { count <= 20 || count.isMultiple(of: 1000) }

  private struct Failure {
    var error: NetError
    /// Whether the image is to blame, rather than the settings.
    var isCorrupt: Bool
  }

  /// Where the images of a batch go.
  private struct Layout: @unchecked Sendable {
    // Safe to send: each image writes to a place of its own.
    var skipsCorrupt: Bool
    var shape: ImageShape
    var labels: LoadedImage.Labels
    var data: UnsafeMutableBufferPointer<Float>
    var labelValues: UnsafeMutableBufferPointer<Float>

    enum Outcome {
      /// The image is in its place, though something may be wrong with it.
      case placed(flaw: String?)
      case failed(Failure)
    }

    func place(_ item: BatchItem, at place: Int) -> Outcome {
      let image: LoadedImage
      do {
        image = try item.load()
      } catch {
        return .failed(Failure(error: error, isCorrupt: true))
      }
      if skipsCorrupt, let flaw = image.flaw { return .failed(Failure(error: NetError(flaw), isCorrupt: true)) }
      do {
        try write(image, at: place)
        return .placed(flaw: image.flaw)
      } catch {
        return .failed(Failure(error: error, isCorrupt: false))
      }
    }

    func write(_ image: LoadedImage, at place: Int) throws(NetError) {
      let actual = try image.shape()
      guard actual == shape else {
        throw NetError(
          "it is \(actual), but the first of its batch is \(shape)",
          remedy: "resize or crop all images to one size, or set batch_size to 1")
      }
      let values = image.labels.values
      guard image.labels.isLike(labels) else {
        throw NetError("it has \(values.count) labels, but the first of its batch has \(labels.values.count)")
      }
      for (index, value) in values.enumerated() { labelValues[place * values.count + index] = value }
      try image.write(UnsafeMutableBufferPointer(rebasing: data[place * shape.count..<(place + 1) * shape.count]))
    }
  }
}

extension LoadedImage.Labels {
  var values: [Float] {
    switch self {
    case .single(let value): [value]
    case .several(let values): values
    }
  }

  /// N, or N × the number of labels.
  func shape(_ batchSize: Int) throws(NetError) -> Shape {
    switch self {
    case .single: [batchSize]
    case .several(let values): try Shape(checking: [batchSize, values.count])
    }
  }

  func isLike(_ other: Self) -> Bool {
    switch (self, other) {
    case (.single, .single): true
    case (.several(let values), .several(let others)): values.count == others.count
    default: false
    }
  }
}

extension NetError {
  fileprivate func concerning(_ item: BatchItem) -> NetError {
    NetError("\(item.complaint)\(item.name): \(problem)", remedy: remedy)
  }
}
