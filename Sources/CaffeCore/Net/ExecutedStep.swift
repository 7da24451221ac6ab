/// A step of a forward pass that has just run: a layer, or several layers as one operation.
public struct ExecutedStep {
  /// The numbers of the layers.
  public let layers: [Int]
  /// The blobs that hold the result.
  public let results: [Blob]
  /// By what it was computed, such as `jit:avx512_core`; nil where a layer's own loop did it.
  public let kernel: String?
  public let start: ContinuousClock.Instant
  public let duration: Duration
}
