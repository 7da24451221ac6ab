public import CaffeCore
public import CaffeProto
internal import Logging

/// Reads images and labels from a database, batch by batch, in the order of the keys and over and over again.
///
/// | blob     | shape                                                          |
/// |----------|----------------------------------------------------------------|
/// | `top[0]` | N×C×H×W, cropped; each batch has the shape of its first record |
/// | `top[1]` | N, the labels; optional                                        |
///
/// | parameter    | default | meaning                                                     |
/// |--------------|---------|-------------------------------------------------------------|
/// | `source`     |         | the folder of the database                                  |
/// | `batch_size` |         | N                                                           |
/// | `backend`    | LEVELDB | checked if given; the folder shows which kind it is         |
/// | `prefetch`   | 4       | how many batches a background thread reads ahead            |
/// | `rand_skip`  | 0       | without effect, as in Caffe                                 |
///
/// `transform_param` is applied to each image. Of several solvers that train together, number r of s takes the records r,
/// r + s, r + 2 s, …; in TEST each reads everything.
///
/// The random draws for a record depend on the layer's seed and on how many records were read before it, and on nothing
/// else, so that a run which is taken up again at the same position sees the same images.
public final class DataLayer: StatefulLayer {
  public static let type = "Data"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .between(1, 2) }
  public static var reshapesEveryPass: Bool { true }

  public private(set) var seed: UInt64
  public private(set) var position: UInt64 = 0

  private let database: any Database
  private let transformer: Transformer
  private let batchSize: Int
  private let labelShape: Shape
  private let depth: Int
  private let context: LayerContext
  private var prefetcher: Prefetcher<Batch>?
  /// The batch that the next forward hands out, once `reshape` has asked for its shape.
  private var upcoming: Batch?
  private var waits = 0

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.dataParam
    guard parameter.batchSize > 0 else {
      throw NetError("data_param.batch_size is 0", remedy: "set it to the number of images in a batch")
    }
    guard (1...1000).contains(parameter.prefetch) else {
      throw NetError("data_param.prefetch is \(parameter.prefetch), but 1 to 1000 batches can be read ahead")
    }
    guard !parameter.source.isEmpty else {
      throw NetError("data_param.source is missing", remedy: "set it to the folder of the database")
    }
    self.context = context
    seed = context.seed
    batchSize = Int(parameter.batchSize)
    labelShape = [batchSize]
    depth = Int(parameter.prefetch)
    transformer = try Transformer(definition.transformParam, phase: context.phase)
    do {
      database = try openDatabase(
        parameter.source, parameter.hasBackend ? (parameter.backend == .lmdb ? .lmdb : .levelDB) : nil)
    } catch {
      throw NetError(error)
    }
    context.logger.info("Opened \(database.backend.rawValue) \(parameter.source)")
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = try nextBatch().shape
    context.logger.info("output data size: \(shape.dimensions.map(String.init).joined(separator: ","))")
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    top[0].reshape(to: try nextBatch().shape)
    if top.count > 1 { top[1].reshape(to: labelShape) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let batch = try nextBatch()
    top[0].reshape(to: batch.shape)
    top[0].data.takeValues(of: batch.data)
    if top.count > 1 { top[1].data.takeValues(of: batch.labels) }
    upcoming = nil
    prefetcher?.recycle(batch)
    position += UInt64(batchSize)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}

  public func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
    upcoming = nil
    prefetcher = nil
  }

  private func nextBatch() throws -> Batch {
    if let upcoming { return upcoming }
    let prefetcher = try prefetcher ?? startPrefetching()
    if position > 0, prefetcher.isStarved {
      if waits % 1000 == 0 { context.logger.info("Waiting for data") }
      waits += 1
    }
    let batch = try prefetcher.next()
    upcoming = batch
    return batch
  }

  private func startPrefetching() throws -> Prefetcher<Batch> {
    let solverCount = context.phase == .train ? context.solverCount : 1
    let reader = try BatchReader(
      database, transformer, batchSize: batchSize, seed: seed,
      first: position * UInt64(solverCount) + UInt64(solverCount > 1 ? context.rank : 0), step: solverCount,
      logger: context.logger)
    let prefetcher = Prefetcher((0..<depth).map { _ in Batch() }) { batch in try reader.fill(batch) }
    self.prefetcher = prefetcher
    return prefetcher
  }
}

/// Transformed images with their labels, on their way from the thread that reads to the net.
final class Batch: @unchecked Sendable {
  // Safe to send: a batch belongs to whoever took it last out of one of the prefetcher's two queues.
  fileprivate(set) var shape: Shape = [0]
  let data = Buffer()
  let labels = Buffer()
}

/// Fills batches from a database; lives on the prefetching thread.
private final class BatchReader {
  private let database: any Database
  private let cursor: any DatabaseCursor
  private let transformer: Transformer
  private let batchSize: Int
  private let seed: UInt64
  private let step: Int
  private let logger: Logger
  /// The running number of the record behind the cursor; it grows on when the database starts over.
  private var number: UInt64
  /// How often the cursor had started over when that was last logged.
  private var turns: Int

  /// Reads the records `first`, `first` + `step`, `first` + 2 `step`, ….
  init(
    _ database: any Database, _ transformer: Transformer, batchSize: Int, seed: UInt64, first: UInt64, step: Int,
    logger: Logger
  ) throws(NetError) {
    self.database = database
    self.transformer = transformer
    self.batchSize = batchSize
    self.seed = seed
    self.step = step
    self.logger = logger
    number = first
    cursor = database.makeCursor()
    do {
      try cursor.skip(Int(clamping: first))
    } catch {
      throw NetError(error)
    }
    turns = cursor.turns
  }

  func fill(_ batch: Batch) throws(NetError) {
    var first: ImageShape?
    for item in 0..<batchSize {
      let (record, datum) = try read()
      do throws(NetError) {
        let image = try Image(datum, transformer.decoding)
        let output = try transformer.outputShape(for: image.shape)
        if first == nil {
          batch.shape = try Shape(checking: [batchSize, output.channels, output.height, output.width])
          batch.data.resize(to: batch.shape.count)
          batch.labels.resize(to: batchSize)
        }
        let expected = first ?? output
        first = expected
        guard output == expected else {
          throw NetError(
            "it is \(output), but the first of its batch is \(expected)",
            remedy: "resize or crop all images to one size, or set batch_size to 1")
        }
        var random = Random(seed: seed, stream: number)
        let values = batch.data.uninitializedValues[item * output.count..<(item + 1) * output.count]
        try transformer.transform(image, random: &random, into: UnsafeMutableBufferPointer(rebasing: values))
        batch.labels.uninitializedValues[item] = Float(datum.label)
      } catch {
        throw NetError("record '\(record.name)' of \(database.path): \(error.problem)", remedy: error.remedy)
      }
      try advance()
    }
  }

  private func read() throws(NetError) -> (Record, Datum) {
    let record: Record
    do {
      record = try cursor.next()
    } catch {
      throw NetError(error)
    }
    if cursor.turns != turns {
      turns = cursor.turns
      logger.info("Restarting data prefetching from start.")
    }
    guard let datum = try? Datum(serializedBytes: record.value) else {
      throw NetError(
        "record '\(record.name)' of \(database.path) is no Datum",
        remedy: "the database is damaged, or was not made for Caffe; make it anew")
    }
    return (record, datum)
  }

  /// Steps from the record behind the cursor's last one to the next of ours.
  private func advance() throws(NetError) {
    number += UInt64(step)
    do {
      try cursor.skip(step - 1)
    } catch {
      throw NetError(error)
    }
  }
}

extension NetError {
  init(_ error: DataError) { self.init("\(error.path): \(error.problem)", remedy: error.remedy) }
}
