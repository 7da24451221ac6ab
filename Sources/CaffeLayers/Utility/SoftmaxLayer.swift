public import CaffeCore
public import CaffeProto

/// Turns scores into probabilities along one axis.
///
///     y[c]  = exp(x[c] − max x) / Σ exp(x[c′] − max x)
///     dx[c] = y[c] · (dy[c] − Σ dy[c′] · y[c′])
///
/// | blob                  | shape       |
/// |-----------------------|-------------|
/// | `bottom[0]`, `top[0]` | … × C × …   |
///
/// | parameter | default   |
/// |-----------|-----------|
/// | `axis`    | 1         |
/// | `engine`  | `DEFAULT` |
public final class SoftmaxLayer: Layer {
  public static let type = "Softmax"
  public static let worksInPlace = true

  private let parameter: SoftmaxParameter
  private let engine: any Engine
  private var operation: (any SoftmaxOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    parameter = definition.softmaxParam
    engine = context.engine
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let description = SoftmaxDescription(bottom[0].shape, axis: try bottom[0].shape.axis(Int(parameter.axis)))
    top[0].reshape(like: bottom[0])
    if operation?.description != description { operation = engine.softmax(description) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) { operation?.forward(bottom[0].data, into: top[0].data) }

  public var backwardReads: BackwardReads { .tops }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if propagate[0] { operation?.backward(top[0].diff, at: top[0].data, into: bottom[0].diff) }
  }
}

extension SoftmaxDescription {
  init(_ shape: Shape, axis: Int) {
    self.init(outer: shape.count(..<axis), channels: shape[axis], inner: shape.count((axis + 1)...))
  }
}
