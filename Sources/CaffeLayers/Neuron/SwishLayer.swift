public import CaffeCore
public import CaffeProto

/// The self-gated unit (Ramachandran et al., 2017).
///
///     y  = x · σ(βx)
///     dx = dy · (βy + σ(βx) · (1 − βy))
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default |
/// |-----------|---------|
/// | `beta`    | 1       |
public final class SwishLayer: NeuronLayer {
  public static let type = "Swish"
  public let workspace: NeuronWorkspace
  private let beta: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(engine: context.engine)
    beta = definition.swishParam.beta
  }

  public func value(at x: Float) -> Float { x * logistic(beta * x) }

  /// From x alone: a layer that works in place on the top may have changed y.
  public func derivative(from x: Float) -> Float {
    let gate = logistic(beta * x)
    let scaled = beta * x * gate
    return scaled + gate * (1 - scaled)
  }
}
