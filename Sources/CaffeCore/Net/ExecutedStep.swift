/// A step of a forward pass that has just run: a layer, or several layers as one operation.
///
/// Where layers run for some items of the batch at a time, a step is told of once, with the time that it took for all, as if the
/// steps had run one after the other.
public struct ExecutedStep {
  /// The numbers of the layers.
  public let layers: [Int]
  /// The blobs that hold the result, or its last items.
  public let results: [Blob]
  /// By what it was computed, such as `jit:avx512_core`; nil where a layer's own loop did it.
  public let kernel: String?
  public let start: ContinuousClock.Instant
  public let duration: Duration
}
