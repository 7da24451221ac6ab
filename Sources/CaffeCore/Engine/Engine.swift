/// A factory of operations: the arithmetic that layers are made of.
///
/// At reshape a layer describes what it needs and gets an operation object, which holds whatever the engine prepared for
/// exactly these shapes (compiled kernels, packed weights, workspaces). Every requirement has a default, the readable
/// reference operation; an engine implements those that it does better.
///
/// An engine belongs to one net at a time and is not thread-safe.
public protocol Engine: AnyObject {
  /// What the engine calls itself in logs and tests, such as `reference` or `oneDNN`.
  var name: String { get }

  /// Makes operations from now on compute in this precision. They need not have gradients then.
  ///
  /// - Throws: where the engine or the processor cannot do that.
  func use(_ precision: Precision) throws(NetError)

  func convolution(_ description: ConvolutionDescription) -> any ConvolutionOperation
  /// A convolution with what follows it in one operation, or nil if the engine has none.
  func fusedConvolution(_ description: FusedConvolutionDescription) -> (any FusedConvolutionOperation)?
  /// Two convolutions in one operation, or nil if the engine has none that is faster.
  func separableConvolution(_ description: SeparableConvolutionDescription) -> (any SeparableConvolutionOperation)?

  func pooling(_ description: PoolingDescription) -> any PoolingOperation
  func innerProduct(_ description: InnerProductDescription) -> any InnerProductOperation
  func softmax(_ description: SoftmaxDescription) -> any SoftmaxOperation
  func sum(_ description: SumDescription) -> any SumOperation
  func batchNormalization(_ description: BatchNormalizationDescription) -> any BatchNormalizationOperation

  /// What went wrong in operations and conversions since the last call, in a sentence; nil as a rule. The net asks after each
  /// layer: operations themselves do not throw, since reading a value may convert it.
  func takeFailure() -> String?

  /// Returns memory that buffers have given up to the system.
  func releaseUnusedMemory()

  /// Does work that falls into `count` independent parts, on as many threads as the engine computes with.
  ///
  /// - Parameter work: does a range of the parts; called several times, at the same time.
  func divide(_ count: Int, _ work: (Range<Int>) -> Void)

  /// An operation for an elementwise function, or nil if the engine has none better than the layer's own loop.
  func elementwise(_ description: ElementwiseDescription) -> (any ElementwiseOperation)?

  /// An operation for a scale and an offset for each channel, or nil if the engine has none better than the layer's own loop.
  func channelAffine(_ description: ChannelAffineDescription) -> (any ChannelAffineOperation)?

  /// An operation for local response normalisation, or nil if the engine has none better than the layer's own loop.
  func localResponseNormalization(
    _ description: LocalResponseNormalizationDescription
  ) -> (any LocalResponseNormalizationOperation)?

  /// The order in which a buffer's values lie now, as a tensor of this shape; nil is row-major.
  func order(of buffer: Buffer, _ shape: Shape) -> (any MemoryOrder)?

  /// The same kind of order for a tensor of another shape, or nil if there is none.
  func order(like order: any MemoryOrder, _ shape: Shape) -> (any MemoryOrder)?

  /// The values of a buffer in an order, converted if they do not lie so yet.
  func read(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafePointer<Float>

  /// Memory for new values of a buffer, all of which the caller is about to write.
  func overwrite(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float>

  /// The values of a buffer in an order, to be changed.
  func update(_ buffer: Buffer, in order: (any MemoryOrder)?) -> UnsafeMutablePointer<Float>

  /// Copies some items (indices of axis 0) of one tensor to places in another, in whatever form they are.
  ///
  /// - Parameter first: the first place. If it is 0, all other items of the destination become undefined.
  func copyItems(
    _ items: Range<Int>, of source: Buffer, _ sourceShape: Shape, to destination: Buffer, _ destinationShape: Shape,
    from first: Int)
}

extension Engine {
  public func use(_ precision: Precision) throws(NetError) {
    guard precision == .float32 else {
      throw NetError("the engine '\(name)' computes in float32 only", remedy: Precision.remedy)
    }
  }

  public func convolution(_ description: ConvolutionDescription) -> any ConvolutionOperation {
    ReferenceConvolution(description)
  }

  public func fusedConvolution(_ description: FusedConvolutionDescription) -> (any FusedConvolutionOperation)? { nil }
  public func separableConvolution(
    _ description: SeparableConvolutionDescription
  ) -> (any SeparableConvolutionOperation)? { nil }

  public func pooling(_ description: PoolingDescription) -> any PoolingOperation { ReferencePooling(description) }

  public func innerProduct(_ description: InnerProductDescription) -> any InnerProductOperation {
    ReferenceInnerProduct(description)
  }

  public func softmax(_ description: SoftmaxDescription) -> any SoftmaxOperation { ReferenceSoftmax(description) }

  public func sum(_ description: SumDescription) -> any SumOperation { ReferenceSum(description) }

  public func batchNormalization(
    _ description: BatchNormalizationDescription
  ) -> any BatchNormalizationOperation {
    ReferenceBatchNormalization(description)
  }

  public func takeFailure() -> String? { nil }

  public func releaseUnusedMemory() {}

  public func divide(_ count: Int, _ work: (Range<Int>) -> Void) { work(0..<count) }

  public func elementwise(_ description: ElementwiseDescription) -> (any ElementwiseOperation)? { nil }

  public func channelAffine(_ description: ChannelAffineDescription) -> (any ChannelAffineOperation)? { nil }

  public func localResponseNormalization(
    _ description: LocalResponseNormalizationDescription
  ) -> (any LocalResponseNormalizationOperation)? { nil }
}

/// The engine that is always there: every operation in plain, readable Swift. It defines the right answer.
public final class ReferenceEngine: Engine {
  public let name = "reference"

  public init() {}
}
