internal import CaffeCore
internal import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// A depthwise separable convolution by panels: a thread computes some pixels of the depthwise convolution, and multiplies them while
/// they are in its caches.
final class DepthwisePanels: BlockedConvolution {
  var kernel: String { "depthwise \(pixels.kernel.height)×\(pixels.kernel.width), \(panels.kernel)" }
  /// What the depthwise convolution takes beside the source.
  struct Filters {
    let packed: UnsafePointer<Float>
    let epilogue: Epilogue
  }
  /// To be set before each pass.
  var filters: Filters?
  let pixels: DepthwisePixels
  private let runs: PixelRuns
  private let panels: PanelConvolution
  private let runtime: Runtime
  private let threads: Int
  private let chunk: Int

  /// Nil if the convolutions have other forms, the processor lacks the instructions, or weights are so large that each thread had
  /// better read only its own.
  ///
  /// - Parameter chunk: at most so many runs of pixels at a time.
  init?(_ description: SeparableConvolutionDescription, on runtime: Runtime, chunk: Int? = nil) {
    let (depthwise, pointwise) = (description.depthwise.convolution, description.pointwise.convolution)
    guard depthwise.outputs == depthwise.channels, depthwise.kernel.count == 2, depthwise.dilation == [1, 1],
      (1...2).contains(depthwise.stride[1]), let panels = PanelConvolution(pointwise, on: runtime),
      panels.schedule.division == .runs, let runs = PanelConvolution.runs(pointwise)
    else { return nil }
    self.panels = panels
    self.runs = runs
    self.runtime = runtime
    threads = runtime.threads
    pixels = DepthwisePixels(
      channels: depthwise.channels, kernel: (depthwise.kernel[0], depthwise.kernel[1]),
      stride: (depthwise.stride[0], depthwise.stride[1]), pad: (depthwise.pad[0], depthwise.pad[1]),
      input: (depthwise.input[0], depthwise.input[1]), output: (depthwise.output[0], depthwise.output[1]))
    self.chunk = chunk ?? panels.schedule.chunk
    runtime.reserveScratch(threads * scratchCount * MemoryLayout<Float>.stride)
  }

  var packedCount: Int { panels.packedCount }

  func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    panels.pack(weights, into: packed)
  }

  /// For each thread.
  private var scratchCount: Int { chunk * (PixelRuns.length * runs.sourceBlocks * 16 + PixelRuns.sums) }

  func forward(
    _ source: UnsafeRawPointer, sourceItemStride: Int, packed: UnsafePointer<Float>, epilogue: Epilogue,
    into destination: UnsafeMutableRawPointer, destinationItemStride: Int
  ) {
    #if canImport(CaffeKernelsAVX512)
      guard let filters else { preconditionFailure("a pass without filters") }
      let source = source.assumingMemoryBound(to: Float.self)
      let destination = destination.assumingMemoryBound(to: Float.self)
      let scratch = runtime.scratch.address.assumingMemoryBound(to: Float.self)
      runtime.parallelFor(threads, grain: 1) { shares in
        let values = scratch + shares.lowerBound * scratchCount
        let sums = values + chunk * PixelRuns.length * runs.sourceBlocks * 16
        let end = runs.count * shares.upperBound / threads
        var run = runs.count * shares.lowerBound / threads
        while run < end {
          // Chunks of almost equal size.
          let chunks = (end - run + chunk - 1) / chunk
          let part = run..<(run + (end - run) / chunks)
          let range = runs.pixels(of: part)
          pixels.convolve(
            source, itemStride: sourceItemStride, weights: filters.packed, pixels: range, epilogue: filters.epilogue,
            into: values)
          var runs = runs
          runs.sourcePixels = range.count
          runs.multiply(
            values - range.lowerBound * 16, sourceItemStride: runs.width * 16, weights: packed,
            pairs: 0..<runs.outputPairs, runs: part, chunk: chunk, depth: panels.schedule.depth, sums: sums,
            epilogue: epilogue, into: destination, destinationItemStride: destinationItemStride)
          run = part.upperBound
        }
      }
    #endif
  }
}
