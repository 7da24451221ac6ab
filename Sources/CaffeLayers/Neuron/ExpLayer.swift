public import CaffeCore
public import CaffeProto
internal import RealModule

/// The exponential of a linear function.
///
///     y  = base ^ (shift + scale · x)
///     dx = dy · y · scale · ln base
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default                              |
/// |-----------|--------------------------------------|
/// | `base`    | −1, which stands for e; else above 0 |
/// | `scale`   | 1                                    |
/// | `shift`   | 0                                    |
public final class ExpLayer: NeuronLayer {
  public static let type = "Exp"
  public let workspace: NeuronWorkspace
  public let derivativeNeedsInput = false
  /// Of the power of e: y = exp(slope · x + offset).
  private let slope: Float
  private let offset: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    workspace = NeuronWorkspace(engine: context.engine)
    let logarithm = try logarithm(ofBase: definition.expParam.base)
    slope = definition.expParam.scale * logarithm
    offset = definition.expParam.shift * logarithm
  }

  public func value(at x: Float) -> Float { .exp(slope * x + offset) }
  public func derivative(from y: Float) -> Float { y * slope }
}

/// ln base, where −1 stands for e.
///
/// - Throws: `NetError` when the base is not a positive number.
func logarithm(ofBase base: Float) throws(NetError) -> Float {
  if base == -1 { return 1 }
  guard base > 0 else { throw NetError("base must be strictly positive. (it is \(base); -1 stands for e)") }
  guard base.isFinite else { throw NetError("Inf result: log(base) = log(\(base))") }
  return .log(base)
}
