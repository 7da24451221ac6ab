public import CaffeCore
public import CaffeProto

/// Keeps values within limits.
///
///     y  = max(min, min(x, max))
///     dx = min ≤ x ≤ max ? dy : 0
///
/// NaN becomes `min`, as in Caffe.
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter    | default  |
/// |--------------|----------|
/// | `min`, `max` | required |
public final class ClipLayer: NeuronLayer {
  public static let type = "Clip"
  public let workspace: NeuronWorkspace
  private let low: Float
  private let high: Float

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    workspace = NeuronWorkspace(engine: context.engine)
    guard definition.clipParam.hasMin, definition.clipParam.hasMax else {
      throw NetError("clip_param needs both min and max", remedy: "clip_param { min: 0 max: 6 }, say")
    }
    low = definition.clipParam.min
    high = definition.clipParam.max
  }

  public func value(at x: Float) -> Float { max(low, min(x, high)) }
  public func derivative(from x: Float) -> Float { low <= x && x <= high ? 1 : 0 }
}
