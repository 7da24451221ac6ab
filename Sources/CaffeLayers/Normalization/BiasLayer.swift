public import CaffeCore
public import CaffeProto

/// Adds a tensor to another one, spread over the axes it does not have: y = x + b.
///
/// | blob            | shape                                                      |
/// |-----------------|------------------------------------------------------------|
/// | `bottom[0]`     | x: any                                                     |
/// | `bottom[1]`     | b: some axes of x from `axis` on; instead of the parameter |
/// | `top[0]`        | as x                                                       |
/// | `parameters[0]` | b: `num_axes` axes of x from `axis` on                     |
///
/// | parameter  | default                                           |
/// |------------|---------------------------------------------------|
/// | `axis`     | 1                                                 |
/// | `num_axes` | 1; −1: to the last; 0: one number for all         |
/// | `filler`   | constant 0                                        |
public final class BiasLayer: Layer {
  public static let type = "Bias"
  public static let bottomCount = BlobCount.between(1, 2)
  public static let worksInPlace = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private var broadcast: Broadcast?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    guard bottom.count == 1 else { return }
    let parameter = definition.biasParam
    let shape = try Broadcast.shape(
      over: bottom[0].shape, axis: Int(parameter.axis), count: Int(parameter.numAxes), name: "bias")
    parameters = [try definition.makeParameter(0, shape, filler: parameter.filler, in: context)]
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let bias = bottom.count > 1 ? bottom[1] : parameters[0]
    broadcast = try Broadcast(of: bias.shape, over: bottom[0].shape, axis: Int(definition.biasParam.axis), name: "bias")
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values
    let b = (bottom.count > 1 ? bottom[1] : parameters[0]).data.values
    let y = top[0].data.uninitializedValues
    broadcast?.forEachRun { run, index in
      let bias = b[index]
      for i in run { y[i] = x[i] + bias }
    }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if bottom.count > 1 {
      if propagate[1] { broadcast?.addSums(of: top[0].diff, to: bottom[1].diff, overwriting: true) }
    } else if propagate.parameters[0] {
      broadcast?.addSums(of: top[0].diff, to: parameters[0].diff, overwriting: false)
    }
    if propagate[0] { bottom[0].diff.copy(from: top[0].diff) }
  }
}

extension Broadcast {
  /// Sums the large tensor over all that meets one value of the small one.
  func addSums(of large: Buffer, to small: Buffer, overwriting: Bool) {
    let values = large.values.baseAddress!
    if overwriting { small.setZero() }
    let sums = small.mutableValues
    forEachRun { run, index in sums[index] += sum(values + run.lowerBound, count: run.count) }
  }
}
