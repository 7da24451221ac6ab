public import CaffeCore
public import CaffeProto

/// Looks up a learned vector for each number of a word: an inner product with a one-hot input, without the zeros.
///
///     y[i] = W[x[i]] + b
///
/// x is cut off to a whole number. It has no gradient.
///
/// | blob            | shape                              |
/// |-----------------|------------------------------------|
/// | `bottom[0]`     | x: any; 0 to input_dim − 1         |
/// | `top[0]`        | as the bottom × num_output         |
/// | `parameters[0]` | W: input_dim × num_output          |
/// | `parameters[1]` | b: num_output                      |
///
/// | parameter                      | default    |
/// |--------------------------------|------------|
/// | `num_output`                   | required   |
/// | `input_dim`                    | required   |
/// | `bias_term`                    | true       |
/// | `weight_filler`, `bias_filler` | constant 0 |
public final class EmbedLayer: Layer {
  public static let type = "Embed"

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let outputs: Int
  private let inputs: Int

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    self.definition = definition
    self.context = context
    outputs = Int(definition.embedParam.numOutput)
    inputs = Int(definition.embedParam.inputDim)
    guard outputs > 0 else {
      throw NetError("EmbedLayer num_output must be positive.", remedy: "set num_output in embed_param")
    }
    guard inputs > 0 else {
      throw NetError("EmbedLayer input_dim must be positive.", remedy: "set input_dim in embed_param")
    }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let parameter = definition.embedParam
    let weights = try Shape(checking: [inputs, outputs])
    parameters = [try definition.makeParameter(0, weights, filler: parameter.weightFiller, in: context)]
    if parameter.biasTerm {
      parameters.append(try definition.makeParameter(1, [outputs], filler: parameter.biasFiller, in: context))
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    top[0].reshape(to: try Shape(checking: bottom[0].shape.dimensions + [outputs]))
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let x = bottom[0].data.values
    let w = parameters[0].data.values.baseAddress!
    let b = parameters.count > 1 ? parameters[1].data.values : nil
    let y = top[0].data.uninitializedValues.baseAddress!
    for i in x.indices {
      let vector = w + (try row(x[i], at: i)) * outputs
      let target = y + i * outputs
      if let b {
        for o in 0..<outputs { target[o] = vector[o] + b[o] }
      } else {
        target.update(from: vector, count: outputs)
      }
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  /// dW[x[i]] += dy[i], db += dy[i]
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[0] else { throw NetError("Can't backpropagate to EmbedLayer input.") }
    let x = bottom[0].data.values
    let dy = top[0].diff.values.baseAddress!
    let dw = propagate.parameters[0] ? parameters[0].diff.mutableValues.baseAddress! : nil
    let db = parameters.count > 1 && propagate.parameters[1] ? parameters[1].diff.mutableValues.baseAddress! : nil
    for i in x.indices {
      let row = try row(x[i], at: i)
      let gradient = dy + i * outputs
      if let dw { for o in 0..<outputs { dw[row * outputs + o] += gradient[o] } }
      if let db { for o in 0..<outputs { db[o] += gradient[o] } }
    }
  }

  private func row(_ value: Float, at position: Int) throws(NetError) -> Int {
    guard let row = wholeNumber(value), 0..<inputs ~= row else {
      throw NetError(
        "the input \(value) at index \(position) is out of range: input_dim is \(inputs), so inputs are 0 to \(inputs - 1)",
        remedy: "correct the input or input_dim")
    }
    return row
  }
}
