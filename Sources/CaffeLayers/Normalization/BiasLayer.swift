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
  private let engine: any Engine
  private var spread: Broadcast?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
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
    spread = try Broadcast(of: bias.shape, over: bottom[0].shape, axis: Int(definition.biasParam.axis), name: "bias")
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    guard let spread else { return }
    let runs = ChannelRuns(spread, over: bottom[0].shape, in: bottom[0].data, on: engine)
    let bias = bottom.count > 1 ? bottom[1] : parameters[0]
    runs.add(bias.data, to: bottom[0].data, into: top[0].data, on: engine)
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let hasParameter = bottom.count == 1
    if let spread, hasParameter ? propagate.parameters[0] : propagate[1] {
      let diff = (hasParameter ? parameters[0] : bottom[1]).diff
      if !hasParameter { diff.setZero() }
      let runs = ChannelRuns(spread, over: bottom[0].shape, in: top[0].diff, on: engine)
      runs.addSums(of: engine.read(top[0].diff, in: runs.order), on: engine, to: diff)
    }
    if propagate[0] { bottom[0].diff.copy(from: top[0].diff) }
  }
}

extension ChannelRuns {
  /// y = x + b; `destination` may be `source`.
  func add(_ small: Buffer, to source: Buffer, into destination: Buffer, on engine: any Engine) {
    let x = engine.read(source, in: order)
    let b = small.values.baseAddress!
    let y = engine.overwrite(destination, in: order)
    forEach(on: engine) { stretch in
      let value = Lanes(x + stretch.start, count: stretch.count)
      (value + lanes(b, at: stretch)).store(y + stretch.start, count: stretch.count)
    }
  }

  /// Adds the sum over each channel of the large tensor to the small one.
  func addSums(of large: UnsafePointer<Float>, on engine: any Engine, to small: Buffer) {
    addSums(on: engine, to: small.mutableValues.baseAddress!) { Lanes(large + $0.start, count: $0.count) }
  }
}
