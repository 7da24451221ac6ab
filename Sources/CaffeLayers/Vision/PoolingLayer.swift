public import CaffeCore
public import CaffeProto

/// The maximum or the average of windows of an image.
///
///     out = ⌈(in + 2·pad − k) / stride⌉ + 1
///
/// Where there is padding, a last window that would start behind the image and its leading padding is dropped. The maximum
/// looks at the image alone and goes to the first of equal values; a window without any number above −FLT_MAX gives
/// −FLT_MAX and the index −1. The average divides by the size of the window, padding included, but not what hangs over it.
///
/// | blob        | shape                                                                          |
/// |-------------|--------------------------------------------------------------------------------|
/// | `bottom[0]` | N × C × H × W                                                                  |
/// | `top[0]`    | N × C × out height × out width                                                 |
/// | `top[1]`    | as `top[0]`, only with `MAX`: the index h·W + w of each maximum in its channel |
///
/// | parameter                     | default                               |
/// |-------------------------------|---------------------------------------|
/// | `pool`                        | `MAX`; `AVE`; `STOCHASTIC` is refused |
/// | `kernel_size` or `kernel_h/w` | required without `global_pooling`     |
/// | `stride` or `stride_h/w`      | 1                                     |
/// | `pad` or `pad_h/w`            | 0; less than the kernel               |
/// | `global_pooling`              | false; true: the kernel is the image  |
/// | `round_mode`                  | `CEIL`; `FLOOR`                       |
/// | `engine`                      | `DEFAULT`                             |
public final class PoolingLayer: Layer, Explained {
  public static let type = "Pooling"
  public static let topCount = BlobCount.between(1, 2)

  private let parameter: PoolingParameter
  private let engine: any Engine
  private var isDifferentiated: Bool
  private var operation: (any PoolingOperation)?
  public var kernel: String? { CaffeCore.kernel(of: operation) }
  public var backwardKernel: String? { CaffeCore.backwardKernel(of: operation) }

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.poolingParam
    engine = context.engine
    isDifferentiated = context.phase == .train
    guard parameter.pool != .stochastic else {
      throw NetError(
        "STOCHASTIC pooling needs a GPU: on the CPU it is Not Implemented Yet", remedy: "use pool: MAX or pool: AVE")
    }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    guard parameter.pool == .max || top.count == 1 else {
      throw NetError(
        "Pooling Layer produces at most 1 top blob(s) as output.", remedy: "only pool: MAX has a second top")
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape.rank == 4 else {
      throw NetError("Input must have 4 axes, corresponding to (num, channels, height, width)")
    }
    let image = shape.axes(2...)
    let window = try SpatialWindow(parameter, image: image)
    let output = try window.poolingOutput(of: image, roundsUp: parameter.roundMode == .ceil)
    let description = PoolingDescription(
      method: parameter.pool == .max ? .maximum : .average, batch: shape[0], channels: shape[1], input: image,
      output: output, kernel: window.kernel, stride: window.stride, pad: window.pad, hasMask: top.count > 1,
      isDifferentiated: isDifferentiated)
    let topShape = try Shape(checking: [shape[0], shape[1]] + output)
    for top in top { top.reshape(to: topShape) }
    if operation?.description != description { operation = engine.pooling(description) }
  }

  public var role: LayerRole { .itemwise }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    operation?.forward(bottom[0].data, into: top[0].data, mask: top.count > 1 ? top[1].data : nil)
  }

  public var backwardReads: BackwardReads { isDifferentiated ? [] : .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard propagate[0] else { return }
    if !isDifferentiated { learnToDifferentiate(bottom[0]) }
    operation?.backward(top[0].diff, into: bottom[0].diff)
  }

  /// A net that only infers need not remember where the maxima were. When a gradient is wanted all the same, they are
  /// looked up once more, and kept from then on.
  private func learnToDifferentiate(_ bottom: Blob) {
    isDifferentiated = true
    guard var description = operation?.description else { return }
    description.isDifferentiated = true
    let operation = engine.pooling(description)
    let destination = Buffer(count: description.destination.count)
    let mask = description.hasMask ? Buffer(count: destination.count) : nil
    operation.forward(bottom.data, into: destination, mask: mask)
    self.operation = operation
  }
}
