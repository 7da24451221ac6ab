public import CaffeCore
public import CaffeProto
internal import Logging

/// Hands out images and labels that the program itself provides, batch by batch and over and over again.
///
///     layer.setArrays(data: images, labels: labels, count: 6)   // read where they are: keep them alive
///     try layer.addDatums(datums)                               // or: transformed copies of records
///
/// | blob     | shape                                                       |
/// |----------|-------------------------------------------------------------|
/// | `top[0]` | N×C×H×W                                                     |
/// | `top[1]` | N before the first pass, N×1×1×1 from then on, as in Caffe  |
///
/// | parameter                     | meaning                         |
/// |-------------------------------|---------------------------------|
/// | `batch_size`                  | N                               |
/// | `channels`, `height`, `width` | C, H, W of what is handed out   |
///
/// `transform_param` is applied to records, not to arrays.
public final class MemoryDataLayer: StatefulLayer {
  public static let type = "MemoryData"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .exactly(2) }

  public let batchSize: Int
  /// The shape of one image.
  public let shape: ImageShape
  public private(set) var seed: UInt64
  /// How many images the passes so far have handed out.
  public private(set) var position: UInt64 = 0

  private let transformer: Transformer
  private let transforms: Bool
  private let logger: Logger
  private var source: Source?
  private var place = 0
  private var hasNewRecords = false
  private var recordsAdded: UInt64 = 0

  /// Where the images and labels are.
  private enum Source {
    case lent(data: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Float>)
    case own(data: [Float], labels: [Float])
  }

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.memoryDataParam
    for (name, value) in [
      ("batch_size", parameter.batchSize), ("channels", parameter.channels), ("height", parameter.height),
      ("width", parameter.width),
    ] where value == 0 || value > Int32.max {
      throw NetError(
        "memory_data_param.\(name) is \(value), but batch_size, channels, height, and width must be specified and positive"
      )
    }
    batchSize = Int(parameter.batchSize)
    shape = ImageShape(Int(parameter.channels), Int(parameter.height), Int(parameter.width))
    _ = try Shape(checking: [batchSize, shape.channels, shape.height, shape.width])
    transformer = try Transformer(definition.transformParam, phase: context.phase)
    transforms = definition.hasTransformParam
    seed = context.seed
    logger = context.logger
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    top[0].reshape(to: [batchSize, shape.channels, shape.height, shape.width])
    if top[1].shape.rank != 4 || top[1].count != batchSize { top[1].reshape(to: [batchSize]) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    guard let source else {
      throw NetError(
        "MemoryDataLayer needs to be initialized by calling Reset",
        remedy: "call setArrays or addDatums (set_input_arrays in Python) before the first pass")
    }
    top[0].reshape(to: [batchSize, shape.channels, shape.height, shape.width])
    top[1].reshape(to: [batchSize, 1, 1, 1])
    let count: Int
    switch source {
    case .lent(let data, let labels):
      copy(data, labels, to: top)
      count = labels.count
    case .own(let data, let labels):
      data.withUnsafeBufferPointer { data in labels.withUnsafeBufferPointer { labels in copy(data, labels, to: top) } }
      count = labels.count
    }
    place = (place + batchSize) % count
    position += UInt64(batchSize)
    // Records are consumed when each was handed out once.
    if place == 0 { hasNewRecords = false }
  }

  private func copy(_ data: UnsafeBufferPointer<Float>, _ labels: UnsafeBufferPointer<Float>, to top: [Blob]) {
    let values = UnsafeBufferPointer(rebasing: data[place * shape.count..<(place + batchSize) * shape.count])
    _ = top[0].data.uninitializedValues.update(from: values)
    _ = top[1].data.uninitializedValues.update(from: UnsafeBufferPointer(rebasing: labels[place..<place + batchSize]))
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}

  public func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
    place = source.map { Int(position % UInt64(self.count(of: $0))) } ?? 0
  }

  private func count(of source: Source) -> Int {
    switch source {
    case .lent(_, let labels): labels.count
    case .own(_, let labels): labels.count
    }
  }

  // MARK: Providing data

  /// Hands out images from memory that belongs to the caller and must stay valid as long as the layer is used.
  ///
  /// - Parameters:
  ///   - data: count × C × H × W values.
  ///   - labels: As many as there are images, a multiple of the batch size.
  public func setArrays(data: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Float>) throws(NetError) {
    try check(data.count, labels.count)
    warnAboutTransformation()
    start(.lent(data: data, labels: labels))
  }

  /// Hands out images from arrays, which are not copied either.
  public func setArrays(data: [Float], labels: [Float]) throws(NetError) {
    try check(data.count, labels.count)
    warnAboutTransformation()
    start(.own(data: data, labels: labels))
  }

  /// Transforms records and hands them out, each once before more can be added.
  public func addDatums(_ datums: [Datum]) throws(NetError) {
    guard !hasNewRecords else {
      throw NetError("Can't add data until current data has been consumed.", remedy: "run the net until it has been")
    }
    guard !datums.isEmpty, datums.count.isMultiple(of: batchSize) else {
      throw NetError(
        "\(datums.count) records were added, but the number must be a multiple of the batch size, \(batchSize)")
    }
    var data = [Float](repeating: 0, count: datums.count * shape.count)
    for (index, datum) in datums.enumerated() {
      let image = try Image(datum, transformer.decoding) { [logger] in logger.warning("record \(index): \($0)") }
      let actual = try transformer.outputShape(for: image.shape)
      guard actual == shape else {
        throw NetError("record \(index) gives \(actual), but memory_data_param says \(shape)")
      }
      var random = Random(seed: seed, stream: recordsAdded)
      recordsAdded += 1
      var failure: NetError?
      data.withUnsafeMutableBufferPointer { data in
        let place = UnsafeMutableBufferPointer(rebasing: data[index * shape.count..<(index + 1) * shape.count])
        do throws(NetError) {
          try transformer.transform(image, random: &random, into: place)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    start(.own(data: data, labels: datums.map { Float($0.label) }))
    hasNewRecords = true
  }

  private func start(_ source: Source) {
    self.source = source
    place = 0
    hasNewRecords = false
  }

  private func check(_ dataCount: Int, _ count: Int) throws(NetError) {
    guard count > 0, count.isMultiple(of: batchSize) else {
      throw NetError("n must be a multiple of batch size: there are \(count) labels, and batch_size is \(batchSize)")
    }
    guard dataCount / shape.count == count, dataCount.isMultiple(of: shape.count) else {
      throw NetError("\(count) labels need \(count) images of \(shape), but there are \(dataCount) values")
    }
  }

  private func warnAboutTransformation() {
    if transforms { logger.warning("MemoryData does not transform array data on Reset()") }
  }
}
