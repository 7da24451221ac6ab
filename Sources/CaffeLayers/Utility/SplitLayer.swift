public import CaffeCore

/// Gives one blob to several consumers: y[i] = x, dx = Σ dy[i]. Nets insert it by themselves where it is needed.
///
/// | blob        | shape                                                         |
/// |-------------|---------------------------------------------------------------|
/// | `bottom[0]` | any                                                           |
/// | `top[i]`    | as the bottom, whose values it shares; its gradient is its own |
public final class SplitLayer: Layer {
  public static let type = "Split"
  public static let topCount = BlobCount.atLeast(1)

  private let engine: any Engine
  private var operation: (any SumOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) { engine = context.engine }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {
    for top in top {
      top.reshape(like: bottom[0])
      top.shareData(of: bottom[0])
    }
    let description = SumDescription(shape: bottom[0].shape, coefficients: Array(repeating: 1, count: top.count))
    if operation?.description != description { operation = engine.sum(description) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {}

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if propagate[0] { operation?.forward(top.map(\.diff), into: bottom[0].diff) }
  }
}
