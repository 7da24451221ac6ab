public import CaffeCore
public import CaffeProto
internal import FoundationEssentials
internal import Logging

/// Reads images from files, batch by batch, with the labels that stand behind their names.
///
/// | blob     | shape                                                              |
/// |----------|--------------------------------------------------------------------|
/// | `top[0]` | N×C×H×W, cropped; each batch has the shape of its first image      |
/// | `top[1]` | N, the labels; N×L with `label_size` L                             |
///
/// | parameter      | default | meaning                                                                  |
/// |----------------|---------|--------------------------------------------------------------------------|
/// | `source`       |         | a list with a path and a label on each line, or one of `ImageList`'s other sources |
/// | `root_folder`  | none    | put before each path as it is, so a folder ends in a slash               |
/// | `batch_size`   | 1       | N                                                                        |
/// | `new_height`, `new_width` | 0 | resize each image to this, unless both are 0                       |
/// | `is_color`     | true    | decode to three channels, blue first; false: to one                      |
/// | `shuffle`      | false   | mix the order anew in each pass                                          |
/// | `rand_skip`    | 0       | begin at a random place before this one                                  |
/// | `label_size`   | none    | how many numbers, not only whole ones, stand behind each path            |
/// | `skip_corrupt` | false   | leave out images that cannot be read, with a warning                     |
///
/// `transform_param` is applied to each image, and `data_param.prefetch` batches are read ahead. Solvers that train together
/// each read everything, so shuffle or skip. Order and draws depend only on the layer's seed and the position in the list.
public final class ImageDataLayer: StatefulLayer {
  public static let type = "ImageData"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .exactly(2) }
  public static var reshapesEveryPass: Bool { true }

  private let feed: BatchFeed

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.imageDataParam
    let logger = context.logger
    guard parameter.batchSize > 0 else {
      throw NetError("image_data_param.batch_size is 0", remedy: "Positive batch size required")
    }
    guard (parameter.newHeight > 0) == (parameter.newWidth > 0) else {
      throw NetError(
        "Current implementation requires new_height and new_width to be set at the same time.",
        remedy: "set both, or neither")
    }
    guard max(parameter.newHeight, parameter.newWidth) <= 65535 else {
      throw NetError("new_height and new_width must be 65535 at most")
    }
    guard !parameter.hasLabelSize || (1...65535).contains(parameter.labelSize) else {
      throw NetError("image_data_param.label_size is \(parameter.labelSize), but must be 1 to 65535")
    }
    guard !parameter.source.isEmpty else {
      throw NetError("image_data_param.source is missing", remedy: "set it to a list of images")
    }
    let list: ImageList
    do {
      list = try ImageList(
        parameter.source, root: parameter.rootFolder,
        labelCount: parameter.hasLabelSize ? Int(parameter.labelSize) : nil)
    } catch {
      throw NetError(error)
    }
    if let restrictions = context.restrictions { try list.check(restrictions) }
    logger.info("Opening file \(parameter.source)")
    if parameter.shuffle { logger.info("Shuffling data") }
    logger.info("A total of \(list.count) images.")
    if !list.classes.isEmpty { logger.info("Classes by label: \(list.classes.joined(separator: ", "))") }
    if context.phase == .train, context.solverCount > 1, context.rank == 0, !parameter.shuffle, parameter.randSkip == 0
    {
      logger.info("Shuffling or skipping recommended for multi-GPU")
    }
    try Self.checkSize(parameter, crop: definition.transformParam.cropSize, context.restrictions)
    let transformer = try Transformer(
      definition.transformParam, phase: context.phase, byteLimit: context.restrictions?.memoryLimit ?? .max)
    let recipe = Recipe(parameter, transformer)
    feed = try BatchFeed(
      seed: context.seed, depth: definition.dataParam.prefetch, memoryLimit: context.restrictions?.memoryLimit,
      logger: logger
    ) { seed, position, batches in
      let reader = try ImageListReader(list, parameter, recipe, seed: seed, position: position, logger: logger)
      let filler = BatchFiller(
        batchSize: Int(parameter.batchSize), position: position, skipsCorrupt: parameter.skipCorrupt,
        sourceCount: list.count, logger: logger
      ) { reader.next() }
      return Prefetcher(batches) { batch in try filler.fill(batch) }
    }
  }

  /// Makes sure, before any image is read, that images of the new size can be: all of a batch, or one where a crop is taken of each.
  private static func checkSize(
    _ parameter: ImageDataParameter, crop: UInt32, _ restrictions: Restrictions?
  ) throws(NetError) {
    guard parameter.newHeight > 0 else { return }
    let images = crop > 0 ? 1 : parameter.batchSize
    let size = try Shape(checking: [images, parameter.isColor ? 3 : 1, parameter.newHeight, parameter.newWidth])
    try restrictions?.check(
      bytes: size.count * (crop > 0 ? 1 : MemoryLayout<Float>.stride), for: "images of the new size")
  }

  public var seed: UInt64 { feed.seed }
  public var position: UInt64 { feed.position }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws { try feed.logShape() }
  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws { try feed.reshape(top) }
  public func forward(_ bottom: [Blob], _ top: [Blob]) throws { try feed.forward(top) }
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
  public func restore(seed: UInt64, position: UInt64) { feed.restore(seed: seed, position: position) }
}

/// What is done to each image of a list.
private struct Recipe: Sendable {
  var transformer: Transformer
  var decoding: DecodingOptions
  var height: Int
  var width: Int
  var hasLabelAxis: Bool

  init(_ parameter: ImageDataParameter, _ transformer: Transformer) {
    self.transformer = transformer
    decoding = transformer.decoding
    decoding.color = parameter.isColor ? .color : .gray
    height = Int(parameter.newHeight)
    width = Int(parameter.newWidth)
    hasLabelAxis = parameter.hasLabelSize
  }

  func load(_ image: ListedImage, seed: UInt64, number: UInt64) throws(NetError) -> LoadedImage {
    let file: Data
    do {
      file = try image.read()
    } catch {
      throw NetError(error)
    }
    var flaw: String?
    var bitmap = try Bitmap(decoding: file, decoding) { flaw = $0 }
    if height > 0 { bitmap = bitmap.resized(height: height, width: width) }
    let labels = image.labels.map(Float.init)
    return LoadedImage(
      try Image(bitmap), flaw: flaw, hasLabelAxis ? .several(labels) : .single(labels[0]), transformer, seed: seed,
      number: number)
  }
}

/// Goes through a list of images again and again; lives on the prefetching thread.
private final class ImageListReader {
  private let list: ImageList
  private let recipe: Recipe
  private let shuffles: Bool
  private let seed: UInt64
  private let logger: Logger
  /// How many images were passed over at the very start.
  private let skip: UInt64
  private var number: UInt64
  private var pass: UInt64 = .max
  private var order: [Int] = []

  init(
    _ list: ImageList, _ parameter: ImageDataParameter, _ recipe: Recipe, seed: UInt64, position: UInt64, logger: Logger
  ) throws(NetError) {
    self.list = list
    self.recipe = recipe
    self.seed = seed
    self.logger = logger
    shuffles = parameter.shuffle
    number = position
    var random = Random(seed: Random.seed(seed, part: .max))
    skip = parameter.randSkip > 0 ? UInt64(random.below(Int(parameter.randSkip))) : 0
    guard skip < list.count else {
      throw NetError(
        "Not enough points to skip: rand_skip came to \(skip), and there are \(list.count) images",
        remedy: "lower rand_skip")
    }
    if position == 0, skip > 0 { logger.info("Skipping first \(skip) data points.") }
  }

  func next() -> BatchItem {
    let count = UInt64(list.count)
    let place = number + skip
    if place / count != pass { begin(pass: place / count) }
    let index = Int(place % count)
    let image = list[shuffles ? order[index] : index]
    let number = number
    self.number += 1
    return BatchItem(name: image.path, complaint: "Could not load ") { [recipe, seed] () throws(NetError) in
      try recipe.load(image, seed: seed, number: number)
    }
  }

  private func begin(pass number: UInt64) {
    if pass != .max { logger.info("Restarting data prefetching from start.") }
    pass = number
    guard shuffles else { return }
    order = Array(0..<list.count)
    var random = Random(seed: Random.seed(seed, part: number))
    order.shuffle(using: &random)
  }
}
