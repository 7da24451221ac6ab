public import CaffeCore
public import CaffeProto
internal import RealModule

/// The exponential linear unit (Clevert et al., 2015).
///
///     y = x > 0 ? x : α (eˣ − 1)
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default |
/// |-----------|---------|
/// | `alpha`   | 1       |
public final class ELULayer: NeuronLayer {
  public static let type = "ELU"
  public let workspace: NeuronWorkspace
  private let alpha: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    alpha = definition.eluParam.alpha
    workspace = NeuronWorkspace(alpha >= 0 ? .elu(alpha: alpha) : nil, engine: context.engine)
  }

  public func value(at x: Float) -> Float { x > 0 ? x : alpha * (.exp(x) - 1) }

  /// For x ≤ 0 the derivative α eˣ is α + y; with a negative α it is computed from x.
  public func derivative(from value: Float) -> Float {
    if value > 0 { return 1 }
    return derivativeNeedsInput ? alpha * .exp(value) : alpha + value
  }

  /// With a negative α the result has lost the sign of x.
  public var derivativeNeedsInput: Bool { alpha < 0 }
}
