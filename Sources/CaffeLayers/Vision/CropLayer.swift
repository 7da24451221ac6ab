public import CaffeCore
public import CaffeProto

/// Cuts out of a blob a window of the size of another one.
///
///     y[i₀, …] = x[i₀ + offset₀, …]
///
/// The gradient of x is 0 outside the window; the reference lends nothing but its shape, and its gradient is 0.
///
/// | blob        | shape                                                                |
/// |-------------|----------------------------------------------------------------------|
/// | `bottom[0]` | x: any                                                               |
/// | `bottom[1]` | the reference, with at least as many axes                            |
/// | `top[0]`    | the axes of x before `axis`, and those of the reference from there on |
///
/// | parameter | default                                                              |
/// |-----------|----------------------------------------------------------------------|
/// | `axis`    | 2, the first to crop                                                 |
/// | `offset`  | 0; once for all cropped axes, or once for each                       |
public final class CropLayer: Layer {
  public static let type = "Crop"
  public static let bottomCount = BlobCount.exactly(2)

  private let parameter: CropParameter
  /// Where the window starts along each axis of x.
  private var offsets: [Int] = []

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.cropParam }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let reference = bottom[1].shape
    let first = try shape.axis(Int(parameter.axis))
    let given = parameter.offset.map(Int.init)
    guard given.count <= 1 || given.count == shape.rank - first else {
      throw NetError(
        "number of offset values specified must be equal to the number of dimensions following axis. "
          + "(\(given.count) offsets, \(shape.rank - first) axes from axis \(first) on)")
    }
    guard reference.rank >= shape.rank else {
      throw NetError("axis \(shape.rank - 1) out of range for \(reference.rank)-D Blob with shape \(reference)")
    }
    offsets = Array(repeating: 0, count: shape.rank)
    for axis in first..<shape.rank {
      offsets[axis] = given.isEmpty ? 0 : given.count == 1 ? given[0] : given[axis - first]
      guard shape[axis] - offsets[axis] >= reference[axis] else {
        throw NetError(
          "the crop for dimension \(axis) is out-of-bounds with size \(reference[axis]) and offset \(offsets[axis])",
          remedy: "bottom[0] has \(shape[axis]) values there: use a smaller offset or a smaller reference")
      }
    }
    top[0].reshape(to: Shape(shape.axes(..<first) + reference.axes(first..<shape.rank)))
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues.baseAddress!
    forEachRow(of: top[0].shape, in: bottom[0].shape) { row, start, count in
      (y + row).update(from: x + start, count: count)
    }
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if propagate[1] { bottom[1].diff.setZero() }
    guard propagate[0] else { return }
    let dy = top[0].diff.values.baseAddress!
    let dx = bottom[0].diff.uninitializedValues
    dx.update(repeating: 0)
    forEachRow(of: top[0].shape, in: bottom[0].shape) { row, start, count in
      (dx.baseAddress! + start).update(from: dy + row, count: count)
    }
  }

  /// Calls `body` for each run along the last axis of the window: where it starts in the window and in the whole, and its
  /// length.
  private func forEachRow(of window: Shape, in whole: Shape, _ body: (_ row: Int, _ start: Int, _ count: Int) -> Void) {
    let last = whole.rank - 1
    for row in 0..<window.count(..<last) {
      var start = offsets[last]
      var stride = whole[last]
      var rest = row
      for axis in (0..<last).reversed() {
        start += (rest % window[axis] + offsets[axis]) * stride
        stride *= whole[axis]
        rest /= window[axis]
      }
      body(row * window[last], start, window[last])
    }
  }
}
