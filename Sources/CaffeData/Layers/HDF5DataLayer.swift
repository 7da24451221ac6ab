public import CaffeCore
internal import CaffeHDF5
public import CaffeProto
internal import FoundationEssentials

/// Reads any number of arrays from a list of HDF5 files, batch by batch and over and over again.
///
/// Each top takes the dataset of its own name. The first axis of a dataset counts its rows; all datasets of a file have
/// the same number of rows. Batches run on from one file into the next.
///
/// | blob     | shape                                            |
/// |----------|--------------------------------------------------|
/// | `top[i]` | N×…, … being the dataset's axes without its first |
///
/// | parameter    | default | meaning                                                                  |
/// |--------------|---------|--------------------------------------------------------------------------|
/// | `source`     |         | a text file with the names of the HDF5 files, separated by white space   |
/// | `batch_size` |         | N                                                                        |
/// | `shuffle`    | false   | mix the order of the files, and of the rows in each, anew in each pass   |
///
/// `transform_param` is applied to `top[0]`, whose rows must be C×H×W; Caffe refuses it. A background thread reads
/// `data_param.prefetch` batches ahead; one file at a time is in memory. Of several solvers that train together, number r
/// of s takes the rows r, r + s, …; in TEST each reads everything. The order of a pass depends only on the layer's seed and
/// the number of the pass, and draws only on the seed and the number of the row.
public final class HDF5DataLayer: StatefulLayer {
  public static let type = "HDF5Data"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .atLeast(1) }

  private let feed: BatchFeed
  private let shapes: [Shape]

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.hdf5DataParam
    guard parameter.batchSize > 0 else {
      throw NetError("hdf5_data_param.batch_size is 0", remedy: "set it to the number of rows in a batch")
    }
    let batchSize = Int(parameter.batchSize)
    let transformer =
      definition.hasTransformParam ? try Transformer(definition.transformParam, phase: context.phase) : nil
    let files = try HDF5FileList(
      parameter.source, datasets: definition.top, restrictions: context.restrictions)
    context.logger.info("Number of HDF5 files: \(files.paths.count)")
    var rows = files.rowShapes
    if let transformer {
      guard rows[0].rank == 3 else {
        throw NetError(
          "HDF5Data does not transform data. Only \"\(definition.top[0])\", the first top, is transformed, and only if it "
            + "is N×C×H×W; its rows have the shape \(rows[0])",
          remedy: "remove transform_param, or transform before storing")
      }
      let image = ImageShape(rows[0].dimensions[0], rows[0].dimensions[1], rows[0].dimensions[2])
      let output = try transformer.outputShape(for: image)
      rows[0] = [output.channels, output.height, output.width]
    }
    let shapes = try rows.map { row in try Shape(checking: [batchSize] + row.dimensions) }
    self.shapes = shapes
    let solverCount = context.phase == .train ? UInt64(context.solverCount) : 1
    let rank = solverCount > 1 ? UInt64(context.rank) : 0
    feed = try BatchFeed(
      seed: context.seed, depth: definition.dataParam.prefetch, memoryLimit: context.restrictions?.memoryLimit,
      logger: nil
    ) { seed, position, batches in
      let reader = HDF5RowReader(files, shuffles: parameter.shuffle, seed: seed, transformer)
      var next = position
      return Prefetcher(batches) { batch in
        try batch.resize(shapes)
        for item in 0..<batchSize {
          try reader.read(row: next * solverCount + rank, into: batch, at: item)
          next += 1
        }
        batch.end = next
      }
    }
  }

  public var seed: UInt64 { feed.seed }
  public var position: UInt64 { feed.position }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {
    for (blob, shape) in zip(top, shapes) { blob.reshape(to: shape) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws { try feed.forward(top) }
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
  public func restore(seed: UInt64, position: UInt64) { feed.restore(seed: seed, position: position) }
}
