public import CaffeCore

/// The fast engine for processors, on Intel's oneDNN.
///
/// Operations pass tensors on in the layouts that oneDNN computes best in; the buffers convert to plain row-major order
/// only for those who ask. Whatever oneDNN cannot do, or does otherwise than Caffe, the reference engine does.
///
/// Equal input gives equal bits, run after run, as long as the number of threads is the same.
public final class OneDNNEngine: Engine {
  public let name = "oneDNN"
  private let kernels: KernelChoice
  private var precision = Precision.float32
  let runtime: Runtime
  private let reference = ReferenceEngine()

  /// - Parameters:
  ///   - threads: how many threads compute; by default OpenMP decides, which takes all processors unless `OMP_NUM_THREADS` says
  ///     otherwise.
  ///   - winograd: whether convolutions may be computed by Winograd's algorithm, which rounds otherwise: results differ by less
  ///     than 1e-5 of the largest. By default yes, unless the environment says `CAFFE_WINOGRAD=0`.
  ///   - panels: whether our own kernels may compute convolutions in inference directly, which oneDNN otherwise does. By default
  ///     yes, unless the environment says `CAFFE_PANELS=0`.
  public init(threads: Int? = nil, winograd: Bool? = nil, panels: Bool? = nil) {
    kernels = KernelChoice(winograd: winograd, panels: panels)
    runtime = Runtime(threads: threads)
  }

  /// How often this engine converted values from one layout to another, for tests and measurements.
  package var reorderCount: Int { runtime.reorderCount }

  public func use(_ precision: Precision) throws(NetError) {
    guard precision == .float32 || Instructions.hasBFloat16 else {
      throw NetError(
        "this processor, as oneDNN sees it, lacks the instructions for bfloat16 (avx512_bf16)", remedy: Precision.remedy
      )
    }
    self.precision = precision
  }

  public func convolution(_ description: ConvolutionDescription) -> any ConvolutionOperation {
    func exact() -> any ConvolutionOperation {
      runtime.unlessRefused { () throws(OneDNNError) in
        try OneDNNConvolution(description, winograd: kernels.winograd, on: runtime)
      } ?? reference.convolution(description)
    }
    guard precision == .bfloat16 else { return exact() }
    return InferringConvolution(description, on: runtime, otherwise: exact)
  }

  public func fusedConvolution(_ description: FusedConvolutionDescription) -> (any FusedConvolutionOperation)? {
    runtime.unlessRefused { () throws(OneDNNError) in
      try OneDNNFusedConvolution(description, precision, kernels, on: runtime)
    }
  }

  public func separableConvolution(
    _ description: SeparableConvolutionDescription
  ) -> (any SeparableConvolutionOperation)? {
    guard kernels.panels, precision == .float32,
      PanelConvolution.isWorthwhile(description.pointwise.convolution, threads: runtime.threads)
    else { return nil }
    return OneDNNSeparableConvolution(description, on: runtime)
  }

  public func takeFailure() -> String? { runtime.takeFailure().map { "\($0)" } }

  public func releaseUnusedMemory() { runtime.pool.drain() }

  /// A convolution by Winograd's algorithm on values in blocks of 16 channels, for tests and measurements; nil where that
  /// cannot be.
  package func winogradConvolution(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, points: Int = 6,
    schedule: WinogradConvolution.Schedule? = nil
  ) -> WinogradConvolution? {
    WinogradConvolution(description, precision, points: points, on: runtime, schedule: schedule)
  }

  /// The same by panels of weights.
  package func panelConvolution(
    _ description: ConvolutionDescription, _ precision: Precision = .float32,
    schedule: PanelConvolution.Schedule? = nil
  ) -> PanelConvolution? {
    PanelConvolution(description, precision, on: runtime, schedule: schedule)
  }

  /// A depthwise separable convolution, faster or not, for tests and measurements; nil where that cannot be.
  package func separableConvolution(
    _ description: SeparableConvolutionDescription, chunk: Int
  ) -> (any SeparableConvolutionOperation)? {
    OneDNNSeparableConvolution(description, on: runtime, chunk: chunk)
  }

  public func pooling(_ description: PoolingDescription) -> any PoolingOperation {
    runtime.unlessRefused { () throws(OneDNNError) in try OneDNNPooling(description, on: runtime) }
      ?? reference.pooling(description)
  }

  public func innerProduct(_ description: InnerProductDescription) -> any InnerProductOperation {
    if precision == .bfloat16,
      let product = runtime.unlessRefused({ () throws(OneDNNError) in
        try BFloat16InnerProduct(description, on: runtime)
      })
    {
      return product
    }
    return runtime.unlessRefused { () throws(OneDNNError) in try OneDNNInnerProduct(description, on: runtime) }
      ?? reference.innerProduct(description)
  }

  public func softmax(_ description: SoftmaxDescription) -> any SoftmaxOperation {
    runtime.unlessRefused { () throws(OneDNNError) in try OneDNNSoftmax(description, on: runtime) }
      ?? reference.softmax(description)
  }

  public func sum(_ description: SumDescription) -> any SumOperation { OneDNNSum(description, on: runtime) }

  public func batchNormalization(
    _ description: BatchNormalizationDescription
  ) -> any BatchNormalizationOperation {
    runtime.unlessRefused { () throws(OneDNNError) in try OneDNNBatchNormalization(description, on: runtime) }
      ?? reference.batchNormalization(description)
  }

  public func channelAffine(_ description: ChannelAffineDescription) -> (any ChannelAffineOperation)? {
    OneDNNChannelAffine(description, on: runtime)
  }

  public func localResponseNormalization(
    _ description: LocalResponseNormalizationDescription
  ) -> (any LocalResponseNormalizationOperation)? {
    runtime.unlessRefused { () throws(OneDNNError) in try OneDNNLocalResponseNormalization(description, on: runtime) }
  }

  public func divide(_ count: Int, _ work: (Range<Int>) -> Void) { runtime.parallelFor(count, grain: 1, work) }

  public func elementwise(_ description: ElementwiseDescription) -> (any ElementwiseOperation)? {
    runtime.unlessRefused { () throws(OneDNNError) in try OneDNNElementwise(description, on: runtime) }
  }

  public func order(of buffer: Buffer, _ shape: Shape) -> (any MemoryOrder)? {
    buffer.currentLayout(of: shape.dimensions)
  }

  public func order(like order: any MemoryOrder, _ shape: Shape) -> (any MemoryOrder)? {
    layout(order)?.relative(shape.dimensions)
  }

  public func read(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafePointer<Float> {
    buffer.pointer(reading: layout(order), on: runtime)
  }

  public func overwrite(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float> {
    buffer.pointer(overwriting: layout(order), on: runtime)
  }

  public func update(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float> {
    buffer.pointer(updating: layout(order), on: runtime)
  }

  public func copyItems(
    _ items: Range<Int>, of source: Buffer, _ sourceShape: Shape, to destination: Buffer, _ destinationShape: Shape,
    from first: Int
  ) {
    guard let layout = source.currentLayout(of: sourceShape.dimensions, .bfloat16),
      let whole = layout.relative(destinationShape.dimensions)
    else { return copyFloats(items, of: source, sourceShape, to: destination, destinationShape, from: first) }
    let size = whole.byteCount / destinationShape[0]
    let x = source.address(reading: layout, on: runtime) + items.lowerBound * size
    let y =
      first == 0
      ? destination.overwrittenMemory(in: whole, on: runtime).address
      : destination.address(updating: whole, on: runtime)
    runtime.parallelFor(items.count * size) {
      (y + first * size + $0.lowerBound).copyMemory(from: x + $0.lowerBound, byteCount: $0.count)
    }
  }

  private func layout(_ order: (any MemoryOrder)?) -> Layout? {
    guard let order else { return nil }
    guard let layout = order as? Layout else { preconditionFailure("an order of another engine") }
    return layout
  }
}
