internal import CaffeCore
package import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// Convolution with kernels of 3×3 or 5×5 by Winograd's algorithm: a quarter of the products, or thereabouts.
///
/// Activations in bfloat16 are widened and rounded on the way; all else is float32. See `WinogradTiles` for the algorithm.
package final class WinogradConvolution: BlockedConvolution {
  package var kernel: String { "winograd F(\(tiles.size)×\(tiles.size), \(tiles.kernel)×\(tiles.kernel))" }
  private let description: ConvolutionDescription
  /// Of the activations.
  private let precision: Precision
  private let runtime: Runtime
  private let tiles: WinogradTiles
  private let schedule: Schedule
  /// Of one group.
  private let channels: Int
  private let outputs: Int
  private let threads: Int

  private var sourceBlocks: Int { (channels + 15) / 16 }
  private var outputBlocks: Int { (outputs + 15) / 16 }
  private var outputPairs: Int { (outputBlocks + 1) / 2 }

  /// Nil if the convolution has another form or the processor lacks the instructions.
  ///
  /// - Parameters:
  ///   - points: those of the tiles, 6 or for kernels of 3×3 also 4.
  ///   - mayTransformWeights: whether weights may be transformed anew in each pass, rather than once by `pack`.
  init?(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, points: Int = 6, on runtime: Runtime,
    schedule: Schedule? = nil, mayTransformWeights: Bool = false
  ) {
    guard let tiles = Self.tiles(description, points: points), Instructions.hasAVX512,
      precision == .float32 || Instructions.hasBFloat16
    else { return nil }
    self.description = description
    self.precision = precision
    self.runtime = runtime
    self.tiles = tiles
    channels = description.channels / description.group
    outputs = description.outputs / description.group
    threads = runtime.threads
    self.schedule =
      schedule
      ?? Schedule(
        tiles, channels: channels, outputs: outputs, threads: threads, mayTransformWeights: mayTransformWeights)
    runtime.reserveScratch(scratchCount * MemoryLayout<Float>.stride)
  }

  static func tiles(_ description: ConvolutionDescription, points: Int) -> WinogradTiles? {
    let group = description.group
    guard description.kernel == [3, 3] || (description.kernel == [5, 5] && points == 6), description.stride == [1, 1],
      description.dilation == [1, 1], description.batch > 0, description.output.allSatisfy({ $0 > 0 }),
      group == 1 || (description.channels / group % 16 == 0 && description.outputs / group % 16 == 0)
    else { return nil }
    return WinogradTiles(
      batch: description.batch, inputHeight: description.input[0], inputWidth: description.input[1],
      outputHeight: description.output[0], outputWidth: description.output[1], kernel: description.kernel[0],
      points: points, padTop: description.pad[0], padLeft: description.pad[1])
  }

  // MARK: Weights

  package var packedCount: Int {
    let blocks = outputBlocks * sourceBlocks * tiles.kernel * tiles.kernel * 256
    return description.group
      * (transformsWeights ? blocks : tiles.transformedWeights(channels: channels, outputs: outputs))
  }

  package func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    guard transformsWeights else { return pack(weights, in: nil, into: packed) }
    packed.update(repeating: 0, count: packedCount)
    let taps = tiles.kernel * tiles.kernel
    let (order, filters) = (FilterOrder.blocked(channels: channels, taps: taps), description.outputs * channels)
    for filter in 0..<filters {
      let (output, channel) = (filter / channels, filter % channels)
      let group = packed + output / outputs * packedCount / description.group
      let target = group + order.output.offset(output % outputs) + order.channel.offset(channel)
      for tap in 0..<taps { target[tap * order.tap] = weights[filter * taps + tap] }
    }
  }

  /// Transforms weights (outputs × channels of a group × kernel × kernel), which are row-major unless said otherwise.
  ///
  /// - Parameter order: of one group.
  func pack(_ weights: UnsafePointer<Float>, in order: FilterOrder?, into packed: UnsafeMutablePointer<Float>) {
    #if canImport(CaffeKernelsAVX512)
      let kernel = tiles.kernel
      let order = order ?? .rowMajor(channels: channels, taps: kernel * kernel)
      for group in 0..<description.group {
        let filters = weights + group * outputs * channels * kernel * kernel
        let target = packed + group * packedCount / description.group
        runtime.parallelFor(outputPairs, grain: 1) {
          tiles.transformWeights(
            filters, in: order, channels: channels, outputs: outputs, pairs: $0, into: target)
        }
      }
    #endif
  }

  /// The weights of a pass.
  private enum Weights {
    /// Transformed before.
    case packed(UnsafePointer<Float>)
    /// As they are: each thread transforms some of them at a time, just before it needs them. Four times as much never goes through
    /// memory then.
    case plain(UnsafePointer<Float>, FilterOrder)
  }

  private var transformsWeights: Bool { schedule.transformsWeights }
  package var takesFilterBlocks: Bool { transformsWeights }

  // MARK: The pass

  private var sourcePlace: Int {
    WinogradTiles.place(vectors: (sharesPlaces ? max(sourceBlocks, outputBlocks) : sourceBlocks) * schedule.chunk)
  }
  private var destinationPlace: Int {
    sharesPlaces ? sourcePlace : WinogradTiles.place(vectors: outputBlocks * schedule.chunk)
  }
  /// A thread that computes all outputs of a tile may write the sums of each place over the source of the place before,
  /// so that half the memory stays in the caches.
  private var sharesPlaces: Bool { schedule.division == .tiles }
  /// For one chunk.
  private var transformedCount: Int {
    sharesPlaces ? (tiles.places + 1) * sourcePlace : tiles.places * (sourcePlace + destinationPlace)
  }
  /// Where the transformed source and the sums begin in the memory of a chunk.
  private var sourceOffset: Int { sharesPlaces ? sourcePlace : 0 }
  private var sumsOffset: Int { sharesPlaces ? 0 : tiles.places * sourcePlace }
  private var scratchCount: Int {
    switch schedule.division {
    case .tiles: transformedCount * threads
    case .outputs: transformedCount + (schedule.transformsWeights ? threads * pieceCount : 0)
    }
  }
  /// Of how many pairs of blocks of outputs a thread transforms the weights at a time, and the floats that these are.
  private var piecePairs: Int {
    let pair = tiles.transformedWeights(channels: channels, outputs: 32) * MemoryLayout<Float>.stride
    return max(1, min(Schedule.pieceBytes / pair, outputPairs))
  }
  private var pieceCount: Int { tiles.transformedWeights(channels: channels, outputs: 32 * piecePairs) }

  private var isNarrow: Bool { precision == .bfloat16 }
  /// Of one value of the activations, in bytes.
  private var width: Int { isNarrow ? 2 : MemoryLayout<Float>.stride }

  package func forward(
    _ source: UnsafeRawPointer, sourceItemStride: Int, packed: UnsafePointer<Float>, epilogue: Epilogue,
    into destination: UnsafeMutableRawPointer, destinationItemStride: Int
  ) {
    let pixels = (
      source: description.input[0] * description.input[1], destination: description.output[0] * description.output[1]
    )
    let scratch = runtime.scratch.address.assumingMemoryBound(to: Float.self)
    for group in 0..<description.group {
      var epilogue = epilogue
      epilogue.scale = epilogue.scale.map { $0 + group * outputs }
      epilogue.shift = epilogue.shift.map { $0 + group * outputs }
      epilogue.addend = epilogue.addend.map {
        UnsafeRawPointer($0).advanced(by: group * outputs * pixels.destination * width)
          .assumingMemoryBound(to: Float.self)
      }
      let pass = Pass(
        source: source + group * channels * pixels.source * width, sourceItemStride: sourceItemStride,
        weights: weights(packed, of: group), epilogue: epilogue,
        destination: destination + group * outputs * pixels.destination * width,
        destinationItemStride: destinationItemStride)
      switch schedule.division {
      case .tiles: divideTiles(pass, scratch)
      case .outputs: divideOutputs(pass, scratch)
      }
    }
  }

  private func weights(_ packed: UnsafePointer<Float>, of group: Int) -> Weights {
    let values = packed + group * packedCount / description.group
    return transformsWeights
      ? .plain(values, .blocked(channels: channels, taps: tiles.kernel * tiles.kernel)) : .packed(values)
  }

  /// Where one group's operands are.
  private struct Pass {
    let source: UnsafeRawPointer
    let sourceItemStride: Int
    let weights: Weights
    let epilogue: Epilogue
    let destination: UnsafeMutableRawPointer
    let destinationItemStride: Int
  }

  /// Each thread does everything for its share of the tiles.
  private func divideTiles(_ pass: Pass, _ scratch: UnsafeMutablePointer<Float>) {
    runtime.parallelFor(threads, grain: 1) { shares in
      let scratch = scratch + shares.lowerBound * transformedCount
      let end = tiles.count * shares.upperBound / threads
      var tile = tiles.count * shares.lowerBound / threads
      while tile < end {
        // Chunks of almost equal size.
        let chunks = (end - tile + schedule.chunk - 1) / schedule.chunk
        let chunk = tile..<(tile + (end - tile) / chunks)
        transformSource(pass, chunk, of: chunk, blocks: 0..<sourceBlocks, scratch)
        multiply(pass, chunk, pairs: 0..<outputPairs, scratch)
        tile = chunk.upperBound
      }
    }
  }

  /// All threads transform the source of some tiles; then each does the rest for its share of the outputs.
  private func divideOutputs(_ pass: Pass, _ scratch: UnsafeMutablePointer<Float>) {
    var tile = 0
    while tile < tiles.count {
      let chunks = (tiles.count - tile + schedule.chunk - 1) / schedule.chunk
      let chunk = tile..<(tile + (tiles.count - tile) / chunks)
      if sourceBlocks >= 4 * threads {
        runtime.parallelFor(sourceBlocks, grain: 1) { transformSource(pass, chunk, of: chunk, blocks: $0, scratch) }
      } else {
        runtime.parallelFor(chunk.count, grain: 1) { part in
          let part = (chunk.lowerBound + part.lowerBound)..<(chunk.lowerBound + part.upperBound)
          transformSource(pass, part, of: chunk, blocks: 0..<sourceBlocks, scratch)
        }
      }
      runtime.parallelFor(threads, grain: 1) { shares in
        for share in shares {
          let pairs = outputPairs * share / threads..<outputPairs * (share + 1) / threads
          multiply(pass, chunk, pairs: pairs, scratch, piece: scratch + transformedCount + share * pieceCount)
        }
      }
      tile = chunk.upperBound
    }
  }

  private func transformSource(
    _ pass: Pass, _ part: Range<Int>, of chunk: Range<Int>, blocks: Range<Int>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    #if canImport(CaffeKernelsAVX512)
      tiles.transformSource(
        pass.source, isNarrow: isNarrow, itemStride: pass.sourceItemStride, blocks: blocks, tiles: part,
        into: scratch + sourceOffset + (part.lowerBound - chunk.lowerBound) * 16, tileCount: chunk.count,
        place: sourcePlace)
    #endif
  }

  /// The products for some pairs of blocks of outputs, and what follows them.
  ///
  /// - Parameter piece: memory for weights that are still to be transformed.
  private func multiply(
    _ pass: Pass, _ chunk: Range<Int>, pairs: Range<Int>, _ scratch: UnsafeMutablePointer<Float>,
    piece: UnsafeMutablePointer<Float>? = nil
  ) {
    #if canImport(CaffeKernelsAVX512)
      let sums = scratch + sumsOffset
      switch pass.weights {
      case .packed(let weights):
        tiles.multiply(
          scratch + sourceOffset, sourcePlace: sourcePlace, weights: weights, channels: channels,
          outputBlocks: outputBlocks, pairs: pairs, into: sums, destinationPlace: destinationPlace,
          tileCount: chunk.count)
      case .plain(let filters, let order):
        for first in stride(from: pairs.lowerBound, to: pairs.upperBound, by: piecePairs) {
          let count = min(piecePairs, pairs.upperBound - first)
          let outputs = min(32 * count, outputs - 32 * first)
          tiles.transformWeights(
            filters + order.output.offset(32 * first), in: order, channels: channels,
            outputs: outputs, pairs: 0..<count, into: piece!)
          tiles.multiply(
            scratch + sourceOffset, sourcePlace: sourcePlace, weights: piece!, channels: channels,
            outputBlocks: (outputs + 15) / 16, pairs: 0..<count, into: sums + first * chunk.count * 32,
            destinationPlace: destinationPlace, tileCount: chunk.count)
        }
      }
      tiles.transformDestination(
        sums, tileCount: chunk.count, place: destinationPlace,
        blocks: (2 * pairs.lowerBound)..<min(2 * pairs.upperBound, outputBlocks), tiles: chunk, outputs: outputs,
        epilogue: pass.epilogue, into: pass.destination, isNarrow: isNarrow, itemStride: pass.destinationItemStride)
    #endif
  }
}

extension WinogradConvolution {
  /// How the work is divided.
  package struct Schedule: Equatable {
    package enum Division { case tiles, outputs }

    package var division: Division
    /// At most so many tiles are transformed before they are multiplied.
    package var chunk: Int
    /// Whether weights are transformed in each pass, where all tiles are multiplied by them.
    package var transformsWeights: Bool

    /// As many transformed weights as a thread makes at a time: they stay in the caches that threads share.
    static let pieceBytes = 4 << 20

    package init(division: Division, chunk: Int, transformsWeights: Bool = false) {
      self.division = division
      self.chunk = chunk
      self.transformsWeights = transformsWeights
    }

    init(_ tiles: WinogradTiles, channels: Int, outputs: Int, threads: Int, mayTransformWeights: Bool) {
      let count = tiles.count
      let weights = tiles.transformedWeights(channels: channels, outputs: outputs) * MemoryLayout<Float>.stride
      let source = tiles.places * count * channels * MemoryLayout<Float>.stride
      // Few tiles, which are all transformed at once and stay in a cache, meet many weights: to transform these takes no longer
      // than to read four times as much. (At 4 points it is not even twice as much.)
      if mayTransformWeights, tiles.points == 6, weights > 8 << 20, source <= 8 << 20, count <= 196 {
        self.init(division: .outputs, chunk: count, transformsWeights: true)
      } else if weights > 12 << 20 || (weights > 2 << 20 && count < 14 * threads) {
        // Large weights are read from memory: each thread had better read only its own.
        self.init(division: .outputs, chunk: min(196, count))
      } else {
        // As many tiles as stay in a cache of a megabyte; for weights that do not stay there, more.
        let tile = tiles.places * (max(channels, outputs) + 15) / 16 * 64
        let chunk = weights > 4 << 20 ? 56 : min(max(700_000 / tile, 28), 112)
        self.init(division: .tiles, chunk: min(chunk, count))
      }
    }
  }
}
