internal import CaffeCore
package import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// Convolution by products of runs of pixels with panels of weights, which lie in memory in the order of use, so that they
/// are fetched while others are multiplied.
///
/// See `PixelRuns`.
package final class PanelConvolution: BlockedConvolution {
  package var kernel: String { "panels \(description.kernel[0])×\(description.kernel[1])" }
  private let description: ConvolutionDescription
  private let runtime: Runtime
  private let runs: PixelRuns
  let schedule: Schedule
  private let threads: Int

  /// Nil if the convolution has another form or the processor lacks the instructions.
  ///
  /// - Parameter precision: that of activations and weights; sums are float32.
  init?(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, on runtime: Runtime,
    schedule: Schedule? = nil
  ) {
    guard let runs = Self.runs(description, precision), Instructions.hasAVX512,
      precision == .float32 || Instructions.hasBFloat16
    else { return nil }
    self.description = description
    self.runtime = runtime
    self.runs = runs
    threads = runtime.threads
    self.schedule = schedule ?? Schedule(runs, threads: threads)
    runtime.reserveScratch((copyCount + threads * sumsCount) * MemoryLayout<Float>.stride)
  }

  static func runs(_ description: ConvolutionDescription, _ precision: Precision = .float32) -> PixelRuns? {
    guard description.group == 1, description.kernel.count == 2, description.batch > 0,
      description.output.allSatisfy({ $0 > 0 }), description.channels > 0, description.dilation == [1, 1]
    else { return nil }
    return PixelRuns(
      batch: description.batch, channels: description.channels, outputs: description.outputs,
      isNarrow: precision == .bfloat16, kernelHeight: description.kernel[0], kernelWidth: description.kernel[1],
      strideDown: description.stride[0],
      strideRight: description.stride[1], outputHeight: description.output[0], outputWidth: description.output[1])
  }

  // MARK: Weights

  package var packedCount: Int { runs.packedWeights }

  package func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    #if canImport(CaffeKernelsAVX512)
      runtime.parallelFor(runs.outputPairs, grain: 1) { runs.packWeights(weights, pairs: $0, into: packed) }
    #endif
  }

  // MARK: The pass

  /// Whether runs of the source do not lie as they are read.
  private var copies: Bool {
    description.stride != [1, 1] || description.pad != [0, 0]
      || description.input != [runs.sourceHeight, runs.sourceWidth]
  }
  private var copiedItem: Int { runs.sourceBlocks * runs.sourcePixels * runs.blockLanes }
  private var copyCount: Int { copies ? description.batch * copiedItem : 0 }
  /// For each thread.
  private var sumsCount: Int { schedule.chunk * PixelRuns.sums }

  package func forward(
    _ source: UnsafeRawPointer, sourceItemStride: Int, packed: UnsafePointer<Float>, epilogue: Epilogue,
    into destination: UnsafeMutableRawPointer, destinationItemStride: Int
  ) {
    #if canImport(CaffeKernelsAVX512)
      let scratch = runtime.scratch.address.assumingMemoryBound(to: Float.self)
      let channelsOfLane = 16 / runs.blockLanes
      var (source, sourceItemStride) = (source.assumingMemoryBound(to: Float.self), sourceItemStride / channelsOfLane)
      let destination = destination.assumingMemoryBound(to: Float.self)
      var epilogue = epilogue
      epilogue.addendItemStride /= channelsOfLane
      if copies {
        let (height, width) = (description.input[0], description.input[1])
        runtime.parallelFor(description.batch * runs.sourceBlocks, grain: 1) { [source, sourceItemStride] in
          runs.copySource(
            source, itemStride: sourceItemStride, height: height, width: width, padTop: description.pad[0],
            padLeft: description.pad[1], planes: $0, into: scratch)
        }
        (source, sourceItemStride) = (UnsafePointer(scratch), copiedItem)
      }
      runtime.parallelFor(threads, grain: 1) { [source, sourceItemStride, epilogue] shares in
        for share in shares {
          runs.multiply(
            source, sourceItemStride: sourceItemStride, weights: packed,
            pairs: schedule.division == .outputs ? part(share, of: runs.outputPairs) : 0..<runs.outputPairs,
            runs: schedule.division == .runs ? part(share, of: runs.count) : 0..<runs.count, chunk: schedule.chunk,
            depth: schedule.depth, sums: scratch + (copyCount + share * sumsCount), epilogue: epilogue,
            into: destination, destinationItemStride: destinationItemStride / channelsOfLane)
        }
      }
    #endif
  }

  private func part(_ share: Int, of count: Int) -> Range<Int> {
    (count * share / threads)..<(count * (share + 1) / threads)
  }
}

extension PanelConvolution {
  /// How the work is divided.
  package struct Schedule: Equatable {
    package enum Division { case runs, outputs }

    package var division: Division
    /// At most so many runs are computed for all outputs before the next ones.
    package var chunk: Int
    /// At most so many channels are multiplied before the next ones.
    package var depth: Int

    package init(division: Division, chunk: Int, depth: Int) {
      self.division = division
      self.chunk = chunk
      self.depth = depth
    }

    init(_ runs: PixelRuns, threads: Int) {
      let weights = runs.packedWeights * MemoryLayout<Float>.stride
      // Large weights are read from memory: each thread had better read only its own.
      division = weights > 1 << 20 && runs.outputPairs >= threads ? .outputs : .runs
      // Sources of 400 KB stay in a cache of a megabyte beside the weights.
      let run = PixelRuns.length * runs.lanes * MemoryLayout<Float>.stride
      chunk = min(max(4, 400_000 / run), runs.count)
      depth = 512
    }
  }
}
