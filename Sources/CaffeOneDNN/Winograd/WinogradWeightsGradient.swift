internal import CaffeCore
internal import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// The gradient of a convolution by its parameters, by Winograd's algorithm.
///
/// With V for the transformed source and D for the transformed gradient of the destination, the gradient of the transformed
/// weights is a sum over tiles of V Dᵀ at each of the 36 places, a quarter of the products of the direct way; the transforms
/// are the transposes of those forward.
final class WinogradWeightsGradient {
  var kernel: String { "winograd F(\(tiles.size)×\(tiles.size), \(tiles.kernel)×\(tiles.kernel))" }
  private let description: ConvolutionDescription
  private let runtime: Runtime
  private let tiles: WinogradTiles
  private let source: Layout
  private let destination: Layout
  private let filters: Layout
  /// Of one group.
  private let channels: Int
  private let outputs: Int
  /// How many tiles are transformed before they are multiplied.
  private let chunk: Int

  private var sourceBlocks: Int { channels / 16 }
  private var outputBlocks: Int { (outputs + 15) / 16 }
  private var sourcePlace: Int { WinogradTiles.place(vectors: sourceBlocks * chunk) }
  private var diffPlace: Int { WinogradTiles.place(vectors: outputBlocks * chunk) }
  // What lies where in the scratch memory.
  private var diffOffset: Int { tiles.places * sourcePlace }
  private var weightsOffset: Int { diffOffset + tiles.places * diffPlace }
  private var sumsOffset: Int {
    weightsOffset + tiles.transformedWeights(channels: channels, outputs: outputs)
  }

  /// Nil if the gradient cannot be computed so, or is faster computed directly.
  init?(_ description: ConvolutionDescription, on runtime: Runtime) {
    let group = description.group
    channels = description.channels / group
    outputs = description.outputs / group
    let dimensions = (group > 1 ? [group] : []) + [outputs, channels] + description.kernel
    guard Instructions.hasAVX512, channels % 16 == 0, let tiles = WinogradConvolution.tiles(description, points: 6),
      WinogradConvolution.isWorthwhileForWeights(description, threads: runtime.threads, chunk: Self.chunk),
      let source = try? Layout.blocked(description.source.dimensions, of: 16),
      let destination = try? Layout.blocked(description.destination.dimensions, of: 16),
      let filters = try? Layout.filterBlocks(dimensions)
    else { return nil }
    self.description = description
    self.runtime = runtime
    self.tiles = tiles
    self.source = source
    self.destination = destination
    self.filters = filters
    chunk = min(tiles.count, Self.chunk)
    let count = sumsOffset + runtime.threads * outputBlocks * 16
    runtime.reserveScratch(count * MemoryLayout<Float>.stride)
  }

  /// Enough tiles that adding up the gradient of the transformed weights, once a chunk, does not count.
  private static let chunk = 196

  func run(_ source: Buffer, _ destinationDiff: Buffer, weights weightsDiff: Buffer, bias biasDiff: Buffer?) {
    let x = source.pointer(reading: self.source, on: runtime)
    let dy = destinationDiff.pointer(reading: destination, on: runtime)
    let adds = !weightsDiff.isZero
    let dw =
      adds
      ? weightsDiff.pointer(updating: filters, on: runtime) : weightsDiff.pointer(overwriting: filters, on: runtime)
    let db = biasDiff.map { $0.mutableValues.baseAddress! }
    let input = description.input.reduce(1, *)
    let output = description.output.reduce(1, *)
    for group in 0..<description.group {
      run(
        x + group * channels * input, dy + group * outputs * output,
        weights: dw + group * outputs * channels * tiles.kernel * tiles.kernel, adds: adds,
        bias: db.map { $0 + group * outputs })
    }
  }

  /// One group.
  private func run(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, weights dw: UnsafeMutablePointer<Float>, adds: Bool,
    bias db: UnsafeMutablePointer<Float>?
  ) {
    #if canImport(CaffeKernelsAVX512)
      let scratch = runtime.scratch.address.assumingMemoryBound(to: Float.self)
      let threads = runtime.threads
      let sums = scratch + sumsOffset
      let lanes = outputBlocks * 16
      sums.update(repeating: 0, count: threads * lanes)
      var tile = 0
      while tile < tiles.count {
        let chunks = (tiles.count - tile + chunk - 1) / chunk
        let first = tile
        let count = (tiles.count - first) / chunks
        runtime.parallelFor(threads, grain: 1) { shares in
          let start = count * shares.lowerBound / threads
          let part = (first + start)..<(first + count * shares.upperBound / threads)
          tiles.transformSource(
            x, isNarrow: false, itemStride: source.storedCount / description.batch, blocks: 0..<sourceBlocks,
            tiles: part,
            into: scratch + start * 16, tileCount: count, place: sourcePlace)
          tiles.transformDestinationDiff(
            dy, itemStride: destination.storedCount / description.batch, blocks: 0..<outputBlocks, tiles: part,
            into: scratch + diffOffset + start * 16, tileCount: count, place: diffPlace,
            sums: db == nil ? nil : sums + shares.lowerBound * lanes)
        }
        runtime.parallelFor(tiles.places, grain: 1) {
          WinogradTiles.correlate(
            scratch, sourcePlace: sourcePlace, scratch + diffOffset, diffPlace: diffPlace, tileCount: count,
            channels: channels, outputBlocks: outputBlocks, places: $0, into: scratch + weightsOffset, adds: first > 0)
        }
        tile += count
      }
      runtime.parallelFor(outputBlocks, grain: 1) {
        WinogradTiles.transformWeightsDiff(
          scratch + weightsOffset, kernel: tiles.kernel, channels: channels, outputs: outputs, blocks: $0, into: dw,
          adds: adds)
      }
      guard let db else { return }
      for output in 0..<outputs { for thread in 0..<threads { db[output] += sums[thread * lanes + output] } }
    #endif
  }
}
