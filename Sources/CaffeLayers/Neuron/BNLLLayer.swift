public import CaffeCore
public import CaffeProto
internal import RealModule

/// The binomial normal log likelihood, a smooth rectifier (also called softplus).
///
///     y  = log(1 + eˣ)
///     dx = dy · eˣ / (1 + eˣ)
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
public final class BNLLLayer: NeuronLayer {
  public static let type = "BNLL"
  public let workspace: NeuronWorkspace

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(engine: context.engine)
  }

  /// Above 0, x + log(1 + e⁻ˣ), which does not overflow.
  public func value(at x: Float) -> Float { x > 0 ? x + .log(onePlus: .exp(-x)) : .log(onePlus: .exp(x)) }

  /// Above 50 the derivative is 1 to the last bit.
  public func derivative(from x: Float) -> Float {
    let power = Float.exp(min(x, 50))
    return power / (1 + power)
  }
}
