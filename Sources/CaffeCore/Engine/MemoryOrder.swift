/// An order, other than row-major, in which an engine keeps the values of a tensor in memory.
///
/// A loop that treats every element alike does not mind the order, as long as its operands agree on one. So layers ask for
/// the order in which their input lies, take all their operands in it and leave their output in it, and nothing is converted:
///
///     let order = engine.order(of: bottom[0].data, shape)
///     let x = engine.read(bottom[0].data, in: order)
///     let y = engine.overwrite(top[0].data, in: order)
///     for i in 0..<(order?.storedCount ?? shape.count) { y[i] = abs(x[i]) }
///
/// nil stands for row-major order everywhere.
public protocol MemoryOrder: AnyObject {
  /// How many values there are in memory: more than in the tensor where a last block of channels is filled up with zeros,
  /// which must stay zeros.
  var storedCount: Int { get }

  /// For a tensor of items × channels × places: how many channels lie side by side at each place, when the places of one
  /// such block of one item are contiguous; nil if the order is not of this kind.
  ///
  /// 1 is the order of row-major memory; all channels is the order that is called channels-last.
  var channelBlock: Int? { get }
}

extension Engine {
  /// The reference knows no order but row-major.
  public func order(of buffer: Buffer, _ shape: Shape) -> (any MemoryOrder)? { nil }
  public func order(like order: any MemoryOrder, _ shape: Shape) -> (any MemoryOrder)? { nil }

  public func read(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafePointer<Float> {
    buffer.values.baseAddress!
  }

  public func overwrite(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float> {
    buffer.uninitializedValues.baseAddress!
  }

  public func update(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float> {
    buffer.mutableValues.baseAddress!
  }

  public func copyItems(
    _ items: Range<Int>, of source: Buffer, _ sourceShape: Shape, to destination: Buffer, _ destinationShape: Shape,
    from first: Int
  ) {
    copyFloats(items, of: source, sourceShape, to: destination, destinationShape, from: first)
  }

  /// `copyItems` by way of floats, whatever the values are stored as.
  package func copyFloats(
    _ items: Range<Int>, of source: Buffer, _ sourceShape: Shape, to destination: Buffer, _ destinationShape: Shape,
    from first: Int
  ) {
    let sourceOrder = order(of: source, sourceShape)
    let order = sourceOrder.flatMap { self.order(like: $0, destinationShape) }
    let x = read(source, in: order == nil ? nil : sourceOrder)
    let y = first == 0 ? overwrite(destination, in: order) : update(destination, in: order)
    let size = (order?.storedCount ?? destinationShape.count) / destinationShape[0]
    let (start, target) = (x + items.lowerBound * size, y + first * size)
    forElements(items.count * size) {
      target.advanced(by: $0.lowerBound).update(from: start + $0.lowerBound, count: $0.count)
    }
  }

  /// The order of a buffer if it holds nothing but the tensor's values, so that a function with f(0) ≠ 0 may be applied to
  /// all of them.
  public func orderWithoutPadding(of buffer: Buffer, _ shape: Shape) -> (any MemoryOrder)? {
    order(of: buffer, shape).flatMap { $0.storedCount == shape.count ? $0 : nil }
  }

  /// Applies work to `0 ..< count`, elements of a tensor, on as many threads as pays.
  public func forElements(_ count: Int, _ work: (Range<Int>) -> Void) {
    let grain = 16384
    guard count > grain else { return work(0..<count) }
    divide((count + grain - 1) / grain) { pieces in
      work(pieces.lowerBound * grain..<min(pieces.upperBound * grain, count))
    }
  }
}
