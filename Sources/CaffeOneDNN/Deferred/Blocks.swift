internal import CaffeCore
internal import CaffeKernels

/// A tensor that lies in blocks of 8 or 16 channels: items × blocks × places × channels of the block.
struct Blocks: Equatable {
  let items: Int
  /// How many blocks an item has, the last of which may be filled up.
  let groups: Int
  let places: Int
  /// How many channels lie side by side.
  let width: Int

  /// nil if the layout is of another kind.
  init?(_ layout: Layout) {
    guard let width = layout.channelBlock, width == 8 || width == 16 else { return nil }
    self.width = width
    items = layout.dimensions[0]
    groups = (layout.dimensions[1] + width - 1) / width
    places = layout.dimensions[2...].reduce(1, *)
  }

  /// The places of one block of one item.
  var rows: Int { items * groups }

  /// The number of channels, those that fill up the last block included.
  var channels: Int { groups * width }

  private static let placesPerChunk = 128
  private var chunksPerRow: Int { (places + Self.placesPerChunk - 1) / Self.placesPerChunk }

  /// The most values that a chunk has.
  var chunkCapacity: Int { Self.placesPerChunk * width }

  /// Divides the tensor among threads and calls the body for each chunk.
  func forEachChunk(on runtime: Runtime, _ body: (ChannelChunk) -> Void) {
    let perRow = chunksPerRow
    runtime.parallelFor(rows * perRow, grain: max(1, parallelForGrain / (min(places, 128) * width))) { range in
      for index in range { body(chunk(index % perRow, ofRow: index / perRow)) }
    }
  }

  /// Divides the rows among threads.
  func forEachRow(on runtime: Runtime, _ body: (Int) -> Void) {
    runtime.parallelFor(rows, grain: max(1, parallelForGrain / (places * width))) { range in
      for row in range { body(row) }
    }
  }

  func forEachChunk(ofRow row: Int, _ body: (ChannelChunk) -> Void) {
    for index in 0..<chunksPerRow { body(chunk(index, ofRow: row)) }
  }

  private func chunk(_ index: Int, ofRow row: Int) -> ChannelChunk {
    let first = index * places / chunksPerRow
    let end = (index + 1) * places / chunksPerRow
    return ChannelChunk(
      start: (row * places + first) * width, count: (end - first) * width, channel: row % groups * width)
  }
}

/// One number for each channel of a tensor in blocks, zero where the last block is filled up.
final class ChannelValues {
  let count: Int
  let values: UnsafeMutablePointer<Float>

  init(_ blocks: Blocks) {
    count = blocks.channels
    values = .allocate(capacity: count)
    values.initialize(repeating: 0, count: count)
  }

  /// The first `count` numbers are given, the others 0.
  convenience init(_ blocks: Blocks, _ given: UnsafePointer<Float>, count: Int) {
    self.init(blocks)
    values.update(from: given, count: count)
  }

  /// Each number computed from the channel.
  convenience init(_ blocks: Blocks, channels: Int, _ value: (Int) -> Float) {
    self.init(blocks)
    for c in 0..<channels { values[c] = value(c) }
  }

  deinit { values.deallocate() }

  subscript(channel: Int) -> Float { values[channel] }

  /// Overwrites a buffer with the first `count` numbers.
  func write(to buffer: Buffer, count: Int) {
    let target = buffer.uninitializedValues
    for c in 0..<count { target[c] = values[c] }
  }

  private init(_ a: ChannelValues, _ b: ChannelValues, _ combine: (Float, Float) -> Float) {
    precondition(a.count == b.count, "channels of different tensors")
    count = a.count
    values = .allocate(capacity: count)
    for c in 0..<count { (values + c).initialize(to: combine(a[c], b[c])) }
  }

  static func * (a: ChannelValues, b: ChannelValues) -> ChannelValues { ChannelValues(a, b, *) }
  static func + (a: ChannelValues, b: ChannelValues) -> ChannelValues { ChannelValues(a, b, +) }
}
