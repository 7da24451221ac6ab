/// How Winograd's algorithm cuts a convolution into tiles, and how it lays out what it computes in between.
///
/// Each tile of `size`² outputs is a sum over channels of products of `points`² values (Lavin and Gray, 2016, "Fast algorithms for
/// convolutional neural networks"):
///
///     Y = Aᵀ [ Σ_c (G g Gᵀ)[c] ⊙ (Bᵀ d Bᵀᵀ)[c] ] A
///
/// with the points 0, ±¾, ±1½ and ∞, which keep rounding errors some three times smaller than 0, ±1, ±2 and ∞ do, and whose
/// factors are exact in binary. One source transform Bᵀ serves kernels of 3×3 (tiles of 4×4) and of 5×5 (tiles of 2×2). The
/// points 0, ±1 and ∞ make tiles of 2×2 for 3×3: more products, but transformed weights of less than half the size.
///
/// Activations lie in blocks of 16 channels: items × blocks × rows × columns × 16. In between lie, for each of the 36 or 16
/// places of a transformed tile, `place` floats apart:
///
/// | values                  | order                                                       |
/// |-------------------------|-------------------------------------------------------------|
/// | transformed source      | blocks of channels × tiles × 16                             |
/// | transformed weights     | pairs of blocks of outputs × channels × 32 (an odd one: 16) |
/// | transformed destination | blocks of outputs × tiles × 16                              |
@frozen
public struct WinogradTiles: Sendable {
  public let kernel: Int
  /// The height and width of a transformed tile: 6 or 4.
  public let points: Int
  /// The height and width of a tile of outputs.
  public let size: Int
  public let input: (height: Int, width: Int)
  public let output: (height: Int, width: Int)
  public let pad: (top: Int, left: Int)
  /// Tiles along the height and the width of an item, and in all.
  public let rows: Int
  public let columns: Int
  public let count: Int

  /// - Parameters:
  ///   - kernel: 3 or 5.
  ///   - points: 6, or for kernels of 3×3 also 4.
  public init(
    batch: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int, kernel: Int, points: Int = 6,
    padTop: Int, padLeft: Int
  ) {
    self.kernel = kernel
    self.points = points
    size = points - kernel + 1
    input = (inputHeight, inputWidth)
    output = (outputHeight, outputWidth)
    pad = (padTop, padLeft)
    rows = (outputHeight + size - 1) / size
    columns = (outputWidth + size - 1) / size
    count = batch * rows * columns
  }

  /// The number of matrix products.
  @inlinable @inline(__always)
  public var places: Int { points &* points }

  /// Floats from one place to the next for so many vectors of 16: one more than needed or so, lest all places meet in one
  /// set of the caches.
  public static func place(vectors: Int) -> Int { (vectors | 1) * 16 }

  /// The number of floats of transformed weights.
  public func transformedWeights(channels: Int, outputs: Int) -> Int {
    places * Self.weightsPlace(channels: channels, outputs: outputs)
  }

  /// The floats from one place of transformed weights to the next.
  @inlinable @inline(__always)
  public static func weightsPlace(channels: Int, outputs: Int) -> Int {
    (((outputs &+ 15) / 16 &* channels) | 1) &* 16
  }

  /// Where a tile lies.
  @inlinable @inline(__always)
  public func position(_ tile: Int) -> GridPosition { GridPosition(tile, rows: rows, columns: columns) }

  @inlinable @inline(__always)
  public func advance(_ position: inout GridPosition) { position.advance(rows: rows, columns: columns) }
}

/// In which order filters (outputs × channels × taps) lie: row-major, or in blocks of 16 outputs and 16 channels.
///
/// Filter (output, channel) begins where `output` and `channel` say together, and its taps are `tap` apart.
@frozen
public struct FilterOrder: Sendable {
  @frozen
  public struct Axis: Sendable {
    /// Floats from one block of 16 to the next, and from one to the next in a block.
    public var block: Int
    public var lane: Int

    @inlinable
    public init(block: Int, lane: Int) {
      self.block = block
      self.lane = lane
    }

    @inlinable @inline(__always)
    public func offset(_ index: Int) -> Int { (index &>> 4) &* block &+ (index & 15) &* lane }
  }

  public var output: Axis
  public var channel: Axis
  public var tap: Int
  public var firstTap: Int

  public static func rowMajor(channels: Int, taps: Int) -> FilterOrder {
    FilterOrder(
      output: Axis(block: 16 * channels * taps, lane: channels * taps), channel: Axis(block: 16 * taps, lane: taps),
      tap: 1, firstTap: 0)
  }

  /// Blocks of outputs × blocks of channels × taps × 16 channels × 16 outputs.
  public static func blocked(channels: Int, taps: Int) -> FilterOrder {
    FilterOrder(
      output: Axis(block: (channels + 15) / 16 * taps * 256, lane: 1), channel: Axis(block: taps * 256, lane: 16),
      tap: 256, firstTap: 0)
  }

  /// The same filters as they map gradients back: outputs and channels in each other's place, taps from last to first.
  public func transposed(taps: Int) -> FilterOrder {
    FilterOrder(output: channel, channel: output, tap: -tap, firstTap: (taps - 1) * tap)
  }
}
