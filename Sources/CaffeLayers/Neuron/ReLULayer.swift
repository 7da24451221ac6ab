public import CaffeCore
public import CaffeProto

/// The rectifier (Nair and Hinton, 2010), leaky with a slope (Maas et al., 2013).
///
///     y = x > 0 ? x : slope · x
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter        | default   |
/// |------------------|-----------|
/// | `negative_slope` | 0         |
/// | `engine`         | `DEFAULT` |
public final class ReLULayer: NeuronLayer {
  public static let type = "ReLU"
  public let workspace: NeuronWorkspace
  public let negativeSlope: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    negativeSlope = definition.reluParam.negativeSlope
    workspace = NeuronWorkspace(
      negativeSlope >= 0 ? .relu(slope: negativeSlope) : nil,
      engine: context.engine)
  }

  public var role: LayerRole { negativeSlope >= 0 ? .rectifier(slope: negativeSlope) : .other }

  public func value(at x: Float) -> Float { x > 0 ? x : negativeSlope * x }

  public func derivative(from value: Float) -> Float { value > 0 ? 1 : negativeSlope }

  /// With a negative slope the result has lost the sign of x.
  public var derivativeNeedsInput: Bool { negativeSlope < 0 }
}
