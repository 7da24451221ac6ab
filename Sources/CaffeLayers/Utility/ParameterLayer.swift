public import CaffeCore
public import CaffeProto

/// A learned tensor as a top, for other layers to use as they use data.
///
/// | blob            | shape                                    |
/// |-----------------|------------------------------------------|
/// | `top[0]`        | as given; it shares the parameter's values |
/// | `parameters[0]` | as given; 0 at first                     |
///
/// | parameter | default  |
/// |-----------|----------|
/// | `shape`   | a scalar |
public final class ParameterLayer: Layer {
  public static let type = "Parameter"
  public static let bottomCount = BlobCount.exactly(0)

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private var gradient: (any SumOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = try Shape(checking: definition.parameterParam.shape.dim)
    parameters = [try definition.makeParameter(0, shape, filler: FillerParameter(), in: context)]
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {
    top[0].reshape(like: parameters[0])
    top[0].shareData(of: parameters[0])
    gradient = context.engine.sum(SumDescription(shape: top[0].shape, coefficients: [1, 1]))
  }

  /// The parameter may have moved into the memory of another layer's, if both share one name.
  public func forward(_ bottom: [Blob], _ top: [Blob]) { top[0].shareData(of: parameters[0]) }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate.parameters[0] else { return }
    gradient?.forward([parameters[0].diff, top[0].diff], into: parameters[0].diff)
  }
}
