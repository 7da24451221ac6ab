public import CaffeCore
public import CaffeProto

/// Cuts a blob into pieces along one axis. A single top is not copied but shares the bottom.
///
/// | blob        | shape        |
/// |-------------|--------------|
/// | `bottom[0]` | … × Σ Aᵢ × … |
/// | `top[i]`    | … × Aᵢ × …   |
///
/// | parameter     | default                                                                        |
/// |---------------|--------------------------------------------------------------------------------|
/// | `axis`        | 1                                                                              |
/// | `slice_dim`   | the older name of `axis`                                                       |
/// | `slice_point` | equal pieces; else where each piece but the first starts, in ascending order   |
public final class SliceLayer: Layer {
  public static let type = "Slice"
  public static let topCount = BlobCount.atLeast(1)

  private let axis: Int
  private let engine: any Engine
  private let points: [Int]
  private var pieces = AxisPieces()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.sliceParam
    guard !(parameter.hasAxis && parameter.hasSliceDim) else {
      throw NetError("Either axis or slice_dim should be specified; not both.")
    }
    engine = context.engine
    axis = parameter.hasSliceDim ? Int(parameter.sliceDim) : Int(parameter.axis)
    points = parameter.slicePoint.map(Int.init)
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(self.axis)
    let extents = try extents(of: shape[axis], tops: top.count)
    for (top, extent) in zip(top, extents) {
      top.reshape(to: Shape(shape.axes(..<axis) + [extent] + shape.axes((axis + 1)...)))
    }
    pieces = try AxisPieces(extents, of: shape, axis: axis)
    if top.count == 1 { top[0].share(bottom[0]) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    guard top.count > 1 else { return }
    for (index, top) in top.enumerated() { pieces.cut(index, from: bottom[0].data, into: top.data, on: engine) }
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0], top.count > 1 else { return }
    pieces.join(top.map(\.diff), into: bottom[0].diff, on: engine)
  }

  private func extents(of extent: Int, tops: Int) throws(NetError) -> [Int] {
    guard !points.isEmpty else {
      guard extent % tops == 0 else {
        throw NetError("Number of top blobs (\(tops)) should evenly divide input slice axis (\(extent))")
      }
      return Array(repeating: extent / tops, count: tops)
    }
    guard points.count == tops - 1 else {
      throw NetError("\(tops) tops need \(tops - 1) slice_points, not \(points.count)")
    }
    let bounds = [0] + points + [extent]
    for (start, end) in zip(bounds, bounds.dropFirst()) where start >= end {
      throw NetError(
        "slice_point > prev does not hold: the points must ascend within the axis, which has \(extent) values, "
          + "but \(end) follows \(start)")
    }
    return zip(bounds, bounds.dropFirst()).map { $1 - $0 }
  }
}
