public import CaffeCore
public import CaffeProto
internal import RealModule

/// The hyperbolic tangent, y = tanh x.
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default   |
/// |-----------|-----------|
/// | `engine`  | `DEFAULT` |
public final class TanHLayer: NeuronLayer {
  public static let type = "TanH"
  public let workspace: NeuronWorkspace
  public let derivativeNeedsInput = false

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(.tanh, engine: context.engine)
  }

  public func value(at x: Float) -> Float { .tanh(x) }
  public func derivative(from y: Float) -> Float { 1 - y * y }
}
