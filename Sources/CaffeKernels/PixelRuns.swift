/// How a convolution is cut into runs of at most 14 neighbouring pixels, whose sums over channels and taps for 32 outputs fill
/// the registers.
///
/// Activations lie in blocks of 16 channels: items × blocks × rows × columns × 16. The source has its padding around it. Where
/// outputs are a stride apart, it is taken apart into *phases*, the pixels at even and odd places, say, so that neighbouring
/// outputs read neighbouring pixels: items × blocks × phases × rows × columns × 16. Weights lie in panels, in the order of use:
/// pairs of blocks of outputs × taps × channels × 32 (of an odd last block: 16).
///
/// All is counted in lanes of 32 bits: each holds one channel in float32, or two in bfloat16.
@frozen
public struct PixelRuns: Sendable {
  /// The longest run.
  @inlinable @inline(__always)
  public static var length: Int { 14 }

  public let channels: Int
  public let outputs: Int
  /// Whether activations and weights are in bfloat16.
  public let isNarrow: Bool
  public let kernel: (height: Int, width: Int)
  public let stride: (down: Int, right: Int)
  /// How many phases of the source are read.
  public let phases: (down: Int, right: Int)
  /// Of each phase of the source.
  public let sourceHeight: Int
  public let sourceWidth: Int
  /// Of all phases of a block of the source.
  public var sourcePixels: Int
  /// Rows of an item of the destination, and the pixels of each; single pixels need no rows, so all are one.
  public let rows: Int
  public let width: Int
  /// The runs of a row, and in all.
  public let runsInRow: Int
  public let count: Int

  public init(
    batch: Int, channels: Int, outputs: Int, isNarrow: Bool = false, kernelHeight: Int, kernelWidth: Int,
    strideDown: Int = 1, strideRight: Int = 1, outputHeight: Int, outputWidth: Int
  ) {
    self.channels = channels
    self.outputs = outputs
    self.isNarrow = isNarrow
    kernel = (kernelHeight, kernelWidth)
    stride = (strideDown, strideRight)
    phases = (min(strideDown, kernelHeight), min(strideRight, kernelWidth))
    sourceHeight = outputHeight + (kernelHeight - 1) / strideDown
    sourceWidth = outputWidth + (kernelWidth - 1) / strideRight
    sourcePixels = phases.down * phases.right * sourceHeight * sourceWidth
    let isPointwise = kernelHeight == 1 && kernelWidth == 1
    rows = isPointwise ? 1 : outputHeight
    width = isPointwise ? outputHeight * outputWidth : outputWidth
    runsInRow = (width + Self.length - 1) / Self.length
    count = batch * rows * runsInRow
  }

  @inlinable @inline(__always)
  public var taps: Int { kernel.height &* kernel.width }
  @inlinable @inline(__always)
  public var sourceBlocks: Int { (channels &+ 15) / 16 }
  @inlinable @inline(__always)
  public var outputBlocks: Int { (outputs &+ 15) / 16 }
  @inlinable @inline(__always)
  public var outputPairs: Int { (outputBlocks &+ 1) / 2 }
  /// The lanes of a pixel's channels, and of 16 of them.
  @inlinable @inline(__always)
  public var lanes: Int { isNarrow ? (channels &+ 1) / 2 : channels }
  @inlinable @inline(__always)
  public var blockLanes: Int { isNarrow ? 8 : 16 }
  /// The lanes of the weights in panels.
  public var packedWeights: Int { outputBlocks * 16 * taps * lanes }

  /// Where a tap finds the source of the first output, in pixels.
  @inlinable @inline(__always)
  public func place(ofTap tap: Int) -> Int {
    let (y, x) = (tap / kernel.width, tap % kernel.width)
    let phase = y % stride.down &* phases.right &+ x % stride.right
    return (phase &* sourceHeight &+ y / stride.down) &* sourceWidth &+ x / stride.right
  }

  /// Where a run lies: its column counts the runs of its row.
  @inlinable @inline(__always)
  public func position(_ run: Int) -> GridPosition { GridPosition(run, rows: rows, columns: runsInRow) }

  @inlinable @inline(__always)
  public func advance(_ position: inout GridPosition) { position.advance(rows: rows, columns: runsInRow) }

  /// The pixels of some runs, counted through all rows and items.
  @inlinable
  public func pixels(of runs: Range<Int>) -> Range<Int> {
    func firstPixel(_ run: Int) -> Int { run / runsInRow &* width &+ start(ofRun: run % runsInRow) }
    return firstPixel(runs.lowerBound)..<firstPixel(runs.upperBound)
  }

  /// The first pixel of a run in its row: runs are of almost equal length.
  @inlinable @inline(__always)
  public func start(ofRun run: Int) -> Int { width &* run / runsInRow }
}
