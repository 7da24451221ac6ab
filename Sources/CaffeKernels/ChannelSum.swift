/// A sum of tensors in blocks of channels, computed chunk by chunk:
///
///     y = Σ scaleᵢ · gateᵢ(xᵢ) + offset,   or the rectifier of that
@frozen
public struct ChannelSum {
  @frozen
  public enum Gate {
    case open
    case positive(UnsafePointer<Float>)
    /// Where a · x + b is positive.
    case positiveSum(x: UnsafePointer<Float>, a: UnsafePointer<Float>?, b: UnsafePointer<Float>)
  }

  @frozen
  public struct Term {
    public let x: UnsafePointer<Float>
    public let scale: UnsafePointer<Float>?
    public let gate: Gate

    @inlinable
    public init(x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, gate: Gate) {
      self.x = x
      self.scale = scale
      self.gate = gate
    }
  }

  public let terms: [Term]
  public let offset: UnsafePointer<Float>?
  public let isRectified: Bool

  @inlinable
  public init(_ terms: [Term], offset: UnsafePointer<Float>?, isRectified: Bool) {
    self.terms = terms
    self.offset = offset
    self.isRectified = isRectified
  }

  /// Writes the values of a chunk; `y` may be where the first source has them.
  @inlinable @inline(__always)
  public func run<V: ChannelLanes>(_ chunk: ChannelChunk, into y: UnsafeMutablePointer<Float>, _: V.Type) {
    if terms.count == 2, runPair(chunk, into: y, V.self) { return }
    let b = V.channels(offset, of: chunk, default: 0)
    if terms.count == 1, isRectified, case .open = terms[0].gate {
      let (x, a) = (terms[0].x + chunk.start, V.channels(terms[0].scale, of: chunk, default: 1))
      return write(chunk, y) { (a * V(x, $0) + b).rectified }
    }
    // One loop a term, over values that stay in the nearest cache.
    add(terms[0], chunk, to: y) { _ in b }
    for term in terms.dropFirst() { add(term, chunk, to: y) { V(y, $0) } }
    if isRectified { write(chunk, y) { V(y, $0).rectified } }
  }

  /// One loop for the sums that nets are full of.
  @inlinable @inline(__always)
  func runPair<V: ChannelLanes>(_ chunk: ChannelChunk, into y: UnsafeMutablePointer<Float>, _: V.Type) -> Bool {
    let (x1, x2) = (terms[0].x + chunk.start, terms[1].x + chunk.start)
    let a1 = V.channels(terms[0].scale, of: chunk, default: 1)
    let a2 = V.channels(terms[1].scale, of: chunk, default: 1)
    let b = V.channels(offset, of: chunk, default: 0)
    switch (terms[0].gate, terms[1].gate) {
    case (.open, .open) where isRectified: write(chunk, y) { (a1 * V(x1, $0) + a2 * V(x2, $0) + b).rectified }
    case (.open, .open): write(chunk, y) { a1 * V(x1, $0) + a2 * V(x2, $0) + b }
    case (.positive(let z), .open):
      let z = z + chunk.start
      write(chunk, y) { a1 * V(x1, $0).opened(where: V(z, $0)) + a2 * V(x2, $0) + b }
    case (.positive(let z), .positive(let same)) where z == same:
      let z = z + chunk.start
      write(chunk, y) { (a1 * V(x1, $0) + a2 * V(x2, $0)).opened(where: V(z, $0)) + b }
    case (.positiveSum(let z, let c, let d), .open):
      let z = z + chunk.start
      let (c, d) = (V.channels(c, of: chunk, default: 1), V.channels(d, of: chunk, default: 0))
      write(chunk, y) { a1 * V(x1, $0).opened(where: c * V(z, $0) + d) + a2 * V(x2, $0) + b }
    default: return false
    }
    return true
  }

  @inlinable @inline(__always)
  func add<V: ChannelLanes>(
    _ term: Term, _ chunk: ChannelChunk, to y: UnsafeMutablePointer<Float>, _ addend: (Int) -> V
  ) {
    let (x, a) = (term.x + chunk.start, V.channels(term.scale, of: chunk, default: 1))
    switch term.gate {
    case .open: write(chunk, y) { a * V(x, $0) + addend($0) }
    case .positive(let z):
      let z = z + chunk.start
      write(chunk, y) { a * V(x, $0).opened(where: V(z, $0)) + addend($0) }
    case .positiveSum(let z, let c, let d):
      let z = z + chunk.start
      let (c, d) = (V.channels(c, of: chunk, default: 1), V.channels(d, of: chunk, default: 0))
      write(chunk, y) { a * V(x, $0).opened(where: c * V(z, $0) + d) + addend($0) }
    }
  }

  @inlinable @inline(__always)
  func write<V: ChannelLanes>(_ chunk: ChannelChunk, _ y: UnsafeMutablePointer<Float>, _ value: (Int) -> V) {
    var i = 0
    while i < chunk.count {
      UnsafeMutableRawPointer(y + i).storeBytes(of: value(i), as: V.self)
      i += V.scalarCount
    }
  }
}
