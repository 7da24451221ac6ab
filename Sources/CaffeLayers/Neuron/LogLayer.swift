public import CaffeCore
public import CaffeProto
internal import RealModule

/// The logarithm of a linear function.
///
///     y  = log(shift + scale · x) / log(base)
///     dx = dy · scale / ((shift + scale · x) · ln base)
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default                                       |
/// |-----------|-----------------------------------------------|
/// | `base`    | −1, which stands for e; else above 0, but not 1 |
/// | `scale`   | 1                                             |
/// | `shift`   | 0                                             |
public final class LogLayer: NeuronLayer {
  public static let type = "Log"
  public let workspace: NeuronWorkspace
  private let scale: Float
  private let shift: Float
  private let logarithmOfBase: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    workspace = NeuronWorkspace(engine: context.engine)
    scale = definition.logParam.scale
    shift = definition.logParam.shift
    logarithmOfBase = try logarithm(ofBase: definition.logParam.base)
    guard logarithmOfBase != 0 else { throw NetError("Inf result: 1/log(base) = 1/log(1)") }
  }

  public func value(at x: Float) -> Float { .log(shift + scale * x) / logarithmOfBase }
  public func derivative(from x: Float) -> Float { scale / ((shift + scale * x) * logarithmOfBase) }
}
