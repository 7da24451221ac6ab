public import CaffeCore

/// The absolute value: y = |x|, dx = sign(x) · dy, where sign(0) = 0.
///
/// | blob                  | shape                         |
/// |-----------------------|-------------------------------|
/// | `bottom[0]`, `top[0]` | any; not in place, as in Caffe |
public final class AbsValLayer: NeuronLayer {
  public static let type = "AbsVal"
  public static let worksInPlace = false
  public let workspace: NeuronWorkspace

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(engine: context.engine)
  }

  public func value(at x: Float) -> Float { abs(x) }
  public func derivative(from x: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
}
