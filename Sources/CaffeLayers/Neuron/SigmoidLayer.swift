public import CaffeCore
public import CaffeProto
internal import RealModule

/// The logistic function, by way of the hyperbolic tangent, which does not overflow.
///
///     y = 1 / (1 + e⁻ˣ) = ½ tanh(½ x) + ½
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default   |
/// |-----------|-----------|
/// | `engine`  | `DEFAULT` |
public final class SigmoidLayer: NeuronLayer {
  public static let type = "Sigmoid"
  public let workspace: NeuronWorkspace
  public let derivativeNeedsInput = false

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(
      .sigmoid, engine: context.engine)
  }

  public func value(at x: Float) -> Float { 0.5 * .tanh(0.5 * x) + 0.5 }
  public func derivative(from y: Float) -> Float { y * (1 - y) }
}
