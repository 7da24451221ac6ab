public import CaffeCore
public import CaffeProto

/// A fully connected layer: y = x · Wᵀ + b.
///
/// | blob            | shape                                                              |
/// |-----------------|--------------------------------------------------------------------|
/// | `bottom[0]`     | M… × K…, split before `axis`                                       |
/// | `top[0]`        | M… × num_output                                                    |
/// | `parameters[0]` | W: num_output × K, or K × num_output with `transpose`              |
/// | `parameters[1]` | b: num_output                                                      |
///
/// | parameter                      | default    |
/// |--------------------------------|------------|
/// | `num_output`                   | required   |
/// | `bias_term`                    | true       |
/// | `axis`                         | 1          |
/// | `transpose`                    | false      |
/// | `weight_filler`, `bias_filler` | constant 0 |
public final class InnerProductLayer: Layer, Explained {
  public static let type = "InnerProduct"

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let engine: any Engine
  private var inputs = 0
  private var operation: (any InnerProductOperation)?
  public var kernel: String? { CaffeCore.kernel(of: operation) }
  public var backwardKernel: String? { CaffeCore.backwardKernel(of: operation) }
  private let discarded = DiscardedGradient()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
  }

  private var parameter: InnerProductParameter { definition.innerProductParam }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let outputs = Int(parameter.numOutput)
    guard outputs > 0 else {
      throw NetError("num_output > 0 does not hold", remedy: "set num_output in inner_product_param")
    }
    inputs = shape.count(try shape.axis(Int(parameter.axis))...)
    let weights = try Shape(checking: parameter.transpose ? [inputs, outputs] : [outputs, inputs])
    parameters = [try definition.makeParameter(0, weights, filler: parameter.weightFiller, in: context)]
    if parameter.biasTerm {
      parameters.append(try definition.makeParameter(1, [outputs], filler: parameter.biasFiller, in: context))
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(Int(parameter.axis))
    guard shape.count(axis...) == inputs else {
      throw NetError(
        "Input size incompatible with inner product parameters. (\(shape.count(axis...)) values, the weights have \(inputs))"
      )
    }
    let description = InnerProductDescription(
      rows: shape.count(..<axis), inputs: inputs, outputs: Int(parameter.numOutput), isTransposed: parameter.transpose,
      hasBias: parameter.biasTerm)
    top[0].reshape(to: try Shape(checking: shape.axes(..<axis) + [description.outputs]))
    if operation?.description != description { operation = engine.innerProduct(description) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    operation?.forward(
      bottom[0].data, weights: parameters[0].data, bias: parameters.count > 1 ? parameters[1].data : nil,
      into: top[0].data)
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if propagate.parameters.contains(true) {
      operation?.backwardParameters(
        bottom[0].data, top[0].diff, weights: discarded.unless(propagate.parameters[0], parameters[0]),
        bias: parameters.count > 1 && propagate.parameters[1] ? parameters[1].diff : nil)
    }
    if propagate[0] { operation?.backwardData(top[0].diff, weights: parameters[0].data, into: bottom[0].diff) }
  }
}
