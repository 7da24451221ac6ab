internal import COneDNN
internal import CaffeCore

/// How the values of a tensor lie in memory: row-major, channels last, in blocks of channels, …
final class Layout: Equatable, MemoryOrder {
  let handle: OpaquePointer
  /// The extents of the tensor, whatever the order of its values.
  let dimensions: [Int]
  /// What each value is stored as.
  let precision: Precision
  /// The size in memory; blocks may be padded.
  let byteCount: Int
  /// Whether the values lie as in a buffer's host form.
  let isRowMajor: Bool
  /// How many channels lie side by side, whatever their values are stored as.
  let storedBlock: Int?
  /// The same kind of layout for tensors of other shapes.
  private var relatives: [Layout] = []
  /// A memory object of oneDNN's that nobody uses: tensors come and go in each pass, and oneDNN takes long to make another.
  private var idleMemory: OpaquePointer?

  init(owning handle: OpaquePointer) {
    self.handle = handle
    var extents = [Int64](repeating: 0, count: Int(DNNL_MAX_NDIMS))
    let rank = Int(caffe_layout_dimensions(handle, &extents))
    dimensions = extents[..<rank].map(Int.init)
    byteCount = caffe_layout_size(handle)
    precision = caffe_layout_type(handle) == dnnl_bf16 ? .bfloat16 : .float32
    isRowMajor = precision == .float32 && caffe_layout_is_row_major(handle)
    let block = Int(caffe_layout_channel_block(handle))
    storedBlock = block > 0 ? block : nil
  }

  /// Nil for other values than floats, which loops over floats cannot read.
  var channelBlock: Int? { precision == .float32 ? storedBlock : nil }

  deinit {
    if let idleMemory { dnnl_memory_destroy(idleMemory) }
    caffe_layout_destroy(handle)
  }

  /// A memory object of this layout that was given back, whose address is to be set.
  func takeIdleMemory() -> OpaquePointer? {
    defer { idleMemory = nil }
    return idleMemory
  }

  func giveBackMemory(_ memory: OpaquePointer) {
    if let idleMemory { dnnl_memory_destroy(idleMemory) }
    idleMemory = memory
  }

  private static func make(
    _ dimensions: [Int], strides: [Int]?, _ precision: Precision = .float32
  ) throws(OneDNNError) -> Layout {
    let extents = dimensions.map(Int64.init)
    let strides = strides?.map(Int64.init)
    return Layout(
      owning: try create("describe memory of \(dimensions)") { handle in
        caffe_layout_create(&handle, CInt(extents.count), extents, strides, precision.type)
      })
  }

  /// Row-major order, as in a buffer's host form.
  static func rowMajor(_ dimensions: [Int], of precision: Precision = .float32) throws(OneDNNError) -> Layout {
    try make(dimensions, strides: strides(dimensions, innermostFirst: dimensions.indices.reversed()), precision)
  }

  /// A matrix whose columns are contiguous: a row-major one, seen transposed.
  static func columnMajor(rows: Int, columns: Int) throws(OneDNNError) -> Layout {
    try make([rows, columns], strides: [1, rows])
  }

  /// Batch × channels × space…, the channels of each pixel side by side.
  static func channelsLast(_ dimensions: [Int], of precision: Precision = .float32) throws(OneDNNError) -> Layout {
    let axes = [1] + (2..<dimensions.count).reversed() + [0]
    return try make(dimensions, strides: strides(dimensions, innermostFirst: axes), precision)
  }

  /// Batch × channels × space…, in blocks of 8 or 16 channels.
  static func blocked(
    _ dimensions: [Int], of channels: Int, _ precision: Precision = .float32
  ) throws(OneDNNError) -> Layout {
    let extents = dimensions.map(Int64.init)
    return Layout(
      owning: try create("describe blocks of \(dimensions)") {
        caffe_layout_create_blocked(&$0, CInt(extents.count), extents, Int64(channels), precision.type)
      })
  }

  /// Filters in blocks of 16 channels × 16 outputs, in which oneDNN likes to have their gradients.
  static func filterBlocks(_ dimensions: [Int]) throws(OneDNNError) -> Layout {
    let extents = dimensions.map(Int64.init)
    return Layout(
      owning: try create("describe filters of \(dimensions)") {
        caffe_layout_create_filter_blocks(&$0, CInt(extents.count), extents)
      })
  }

  /// The same for the weights of a convolution.
  static func filterBlocks(of convolution: ConvolutionDescription) throws(OneDNNError) -> Layout {
    let dimensions = convolution.weights.dimensions
    guard convolution.group > 1 else { return try filterBlocks(dimensions) }
    return try filterBlocks([convolution.group, convolution.outputs / convolution.group] + dimensions[1...])
  }

  /// Whatever oneDNN finds best: to be asked of a primitive.
  static func any(_ dimensions: [Int], of precision: Precision = .float32) throws(OneDNNError) -> Layout {
    try make(dimensions, strides: nil, precision)
  }

  /// This kind of layout for a tensor of another shape, if it is one of blocks of channels.
  func relative(_ dimensions: [Int]) -> Layout? {
    if dimensions == self.dimensions { return self }
    if let relative = relatives.first(where: { $0.dimensions == dimensions }) { return relative }
    guard let storedBlock, let relative = try? Layout.blocked(dimensions, of: storedBlock, precision) else {
      return nil
    }
    relatives.append(relative)
    return relative
  }

  private static func strides(_ dimensions: [Int], innermostFirst axes: [Int]) -> [Int] {
    var strides = dimensions
    var stride = 1
    for axis in axes {
      strides[axis] = stride
      stride *= dimensions[axis]
    }
    return strides
  }

  /// The number of values in memory, padding included.
  var storedCount: Int { byteCount / (precision == .bfloat16 ? 2 : MemoryLayout<Float>.stride) }

  /// How many times larger than the tensor the memory is, because blocks are padded: at least 1.
  var growth: Double { Double(storedCount) / Double(dimensions.reduce(1, *)) }

  /// Of images of one pixel in blocks of channels, which are rows but for the padding of the last block: floats from one row to the
  /// next.
  var rowStride: Int? {
    guard channelBlock != nil, dimensions.count > 2, dimensions[2...].allSatisfy({ $0 == 1 }) else { return nil }
    return storedCount / max(dimensions[0], 1)
  }

  static func == (a: Layout, b: Layout) -> Bool { a === b || caffe_layouts_equal(a.handle, b.handle) }
}

extension Precision {
  fileprivate var type: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    }
  }
}

/// What an operation has prepared for each of the layouts in which it met its source.
struct PerLayout<Prepared> {
  private var entries: [(layout: Layout, prepared: Prepared)] = []

  /// The entry of a layout, made at the first meeting.
  mutating func entry(for layout: Layout, orMake make: () -> Prepared) -> Prepared {
    for entry in entries where entry.layout == layout { return entry.prepared }
    let prepared = make()
    entries.append((layout, prepared))
    return prepared
  }

  /// The entry of a layout; nil where it cannot be made now, which is tried again at the next meeting.
  mutating func entry(for layout: Layout, orTry make: () -> Prepared?) -> Prepared? {
    for entry in entries where entry.layout == layout { return entry.prepared }
    guard let prepared = make() else { return nil }
    entries.append((layout, prepared))
    return prepared
  }
}
