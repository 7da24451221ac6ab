public import CaffeCore
public import CaffeProto
internal import RealModule

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
  public let workspace = NeuronWorkspace()
  private let beta: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) { beta = definition.swishParam.beta }

  private func gate(_ x: Float) -> Float { 0.5 * .tanh(0.5 * beta * x) + 0.5 }

  public func value(at x: Float) -> Float { x * gate(x) }

  /// From x alone: a layer that works in place on the top may have changed y.
  public func derivative(at x: Float, value y: Float) -> Float {
    let gate = gate(x)
    let scaled = beta * x * gate
    return scaled + gate * (1 - scaled)
  }
}
