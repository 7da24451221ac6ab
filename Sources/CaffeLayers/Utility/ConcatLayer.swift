public import CaffeCore
public import CaffeProto

/// Joins blobs along one axis. A single bottom is not copied but shared.
///
/// | blob        | shape                                   |
/// |-------------|-----------------------------------------|
/// | `bottom[i]` | … × Aᵢ × …, equal but for `axis`        |
/// | `top[0]`    | … × Σ Aᵢ × …                            |
///
/// | parameter    | default                 |
/// |--------------|-------------------------|
/// | `axis`       | 1                       |
/// | `concat_dim` | the older name of `axis` |
public final class ConcatLayer: Layer {
  public static let type = "Concat"
  public static let bottomCount = BlobCount.atLeast(1)

  private let axis: Int
  private let engine: any Engine
  private var pieces = AxisPieces()
  private var isAlongChannels = false

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    let parameter = definition.concatParam
    guard !(parameter.hasAxis && parameter.hasConcatDim) else {
      throw NetError("Either axis or concat_dim should be specified; not both.")
    }
    engine = context.engine
    axis = parameter.hasConcatDim ? Int(parameter.concatDim) : Int(parameter.axis)
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(self.axis)
    for blob in bottom.dropFirst() {
      guard blob.shape.rank == shape.rank else { throw NetError("All inputs must have the same number of axes.") }
      for other in 0..<shape.rank where other != axis && blob.shape[other] != shape[other] {
        throw NetError("All inputs must have the same shape, except at concat_axis.")
      }
    }
    pieces = try AxisPieces(bottom.map { $0.shape[axis] }, of: shape, axis: axis)
    top[0].reshape(to: pieces.wholeShape)
    isAlongChannels = axis == 1 && bottom.count > 1
    if bottom.count == 1 { top[0].share(bottom[0]) }
  }

  public var role: LayerRole { isAlongChannels ? .join : .other }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    guard bottom.count > 1 else { return }
    pieces.join(bottom.map(\.data), into: top[0].data, on: engine)
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard bottom.count > 1 else { return }
    for (index, bottom) in bottom.enumerated() where propagate[index] {
      pieces.cut(index, from: top[0].diff, into: bottom.diff, on: engine)
    }
  }
}
