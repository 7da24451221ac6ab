public import CaffeCore
public import CaffeProto
internal import Logging

/// Reads images and labels from a database, batch by batch, in the order of the keys and over and over again.
///
/// | blob     | shape                                                          |
/// |----------|----------------------------------------------------------------|
/// | `top[0]` | N×C×H×W, cropped; each batch has the shape of its first record |
/// | `top[1]` | N, the labels, or N×L where records have L `labels`; optional  |
///
/// | parameter    | default | meaning                                                     |
/// |--------------|---------|-------------------------------------------------------------|
/// | `source`     |         | the folder of the database                                  |
/// | `batch_size` |         | N                                                           |
/// | `backend`    | LEVELDB | checked if given; the folder shows which kind it is         |
/// | `prefetch`   | 4       | how many batches a background thread reads ahead            |
/// | `rand_skip`  | 0       | without effect, as in Caffe                                 |
/// | `skip_corrupt` | false | leave out records that cannot be decoded, with a warning    |
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

  private let feed: BatchFeed

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.dataParam
    guard parameter.batchSize > 0 else {
      throw NetError("data_param.batch_size is 0", remedy: "set it to the number of images in a batch")
    }
    guard !parameter.source.isEmpty else {
      throw NetError("data_param.source is missing", remedy: "set it to the folder of the database")
    }
    let transformer = try Transformer(
      definition.transformParam, phase: context.phase, byteLimit: context.restrictions?.memoryLimit ?? .max)
    let database: any Database
    let count: Int
    do {
      database = try openDatabase(
        parameter.source, parameter.hasBackend ? (parameter.backend == .lmdb ? .lmdb : .levelDB) : nil)
      // Some databases must be read through to be counted, and it only matters here.
      count = parameter.skipCorrupt ? try database.count : 0
    } catch {
      throw NetError(error)
    }
    let logger = context.logger
    let solverCount = context.phase == .train ? context.solverCount : 1
    let rank = solverCount > 1 ? context.rank : 0
    feed = try BatchFeed(
      seed: context.seed, depth: parameter.prefetch, memoryLimit: context.restrictions?.memoryLimit, logger: logger
    ) { seed, position, batches in
      let reader = try RecordReader(
        database, transformer, seed: seed, first: position * UInt64(solverCount) + UInt64(rank), step: solverCount,
        logger: logger)
      let filler = BatchFiller(
        batchSize: Int(parameter.batchSize), position: position, skipsCorrupt: parameter.skipCorrupt,
        sourceCount: count, logger: logger
      ) { () throws(NetError) in try reader.next() }
      return Prefetcher(batches) { batch in try filler.fill(batch) }
    }
    logger.info("Opened \(database.backend.rawValue) \(parameter.source)")
    if let notice = database.notice { logger.warning("\(parameter.source): \(notice)") }
  }

  public var seed: UInt64 { feed.seed }
  public var position: UInt64 { feed.position }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws { try feed.logShape() }
  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws { try feed.reshape(top) }
  public func forward(_ bottom: [Blob], _ top: [Blob]) throws { try feed.forward(top) }
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
  public func restore(seed: UInt64, position: UInt64) { feed.restore(seed: seed, position: position) }
}

/// Reads the records of one solver from a database; lives on the prefetching thread.
private final class RecordReader {
  private let database: any Database
  private let cursor: any DatabaseCursor
  private let transformer: Transformer
  private let seed: UInt64
  private let step: Int
  private let logger: Logger
  /// The running number of the record behind the cursor; it grows on when the database starts over.
  private var number: UInt64
  /// How often the cursor had started over when that was last logged.
  private var turns: Int

  /// Reads the records `first`, `first` + `step`, `first` + 2 `step`, ….
  init(
    _ database: any Database, _ transformer: Transformer, seed: UInt64, first: UInt64, step: Int, logger: Logger
  ) throws(NetError) {
    self.database = database
    self.transformer = transformer
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

  func next() throws(NetError) -> BatchItem {
    let record: Record
    do {
      record = try cursor.next()
      if cursor.turns != turns {
        turns = cursor.turns
        logger.info("Restarting data prefetching from start.")
      }
      try cursor.skip(step - 1)
    } catch {
      throw NetError(error)
    }
    let stream = number
    number += UInt64(step)
    return BatchItem(name: "record '\(record.name)' of \(database.path)") { [transformer, seed] () throws(NetError) in
      guard let datum = try? Datum(serializedBytes: record.value) else {
        throw NetError(
          "it is no Datum", remedy: "the database is damaged, or was not made for Caffe; make it anew")
      }
      var flaw: String?
      let image = try Image(datum, transformer.decoding) { flaw = $0 }
      return LoadedImage(
        image, flaw: flaw, datum.labels.isEmpty ? .single(Float(datum.label)) : .several(datum.labels), transformer,
        seed: seed, number: stream)
    }
  }
}

extension LoadedImage {
  /// An image that is transformed on its way into the batch, with draws of its own.
  init(
    _ image: Image, flaw: String?, _ labels: Labels, _ transformer: Transformer, seed: UInt64, number: UInt64
  ) {
    self.init(
      labels: labels, flaw: flaw, shape: { () throws(NetError) in try transformer.outputShape(for: image.shape) },
      write: { output throws(NetError) in
        var random = Random(seed: seed, stream: number)
        try transformer.transform(image, random: &random, into: output)
      })
  }
}

extension NetError {
  init(_ error: DataError) { self.init("\(error.path): \(error.problem)", remedy: error.remedy) }
}
