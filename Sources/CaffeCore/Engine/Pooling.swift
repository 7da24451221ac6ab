/// Pooling of the two innermost axes.
///
/// | tensor      | shape                                       |
/// |-------------|---------------------------------------------|
/// | source      | batch × channels × input height × width     |
/// | destination | batch × channels × output height × width    |
///
/// The window of output q starts at q·stride − pad and is cut off at the image (maximum) or at image plus padding
/// (average, whose divisor is the size of that cut window). A maximum goes to the first of equal values; a window without
/// any value above −FLT_MAX gives −FLT_MAX and the index −1.
public struct PoolingDescription: Hashable, Sendable {
  public enum Method: Hashable, Sendable { case maximum, average }

  public var method: Method
  public var batch: Int
  public var channels: Int
  public var input: [Int]
  public var output: [Int]
  public var kernel: [Int]
  public var stride: [Int]
  public var pad: [Int]
  /// Whether somebody wants the index of each maximum, counted inside the channel plane, as numbers.
  public var hasMask: Bool
  /// Whether `backward` will be called.
  public var isDifferentiated: Bool

  public init(
    method: Method, batch: Int, channels: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], pad: [Int],
    hasMask: Bool = false, isDifferentiated: Bool = true
  ) {
    self.method = method
    self.batch = batch
    self.channels = channels
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.hasMask = hasMask
    self.isDifferentiated = isDifferentiated
  }

  public var source: Shape { Shape([batch, channels] + input) }
  public var destination: Shape { Shape([batch, channels] + output) }
}

public protocol PoolingOperation: AnyObject {
  var description: PoolingDescription { get }

  func forward(_ source: Buffer, into destination: Buffer, mask: Buffer?)

  /// Overwrites the gradient of the source, by the maxima that the last `forward` found.
  func backward(_ destinationDiff: Buffer, into sourceDiff: Buffer)
}
