public import CaffeCore
public import CaffeProto

/// The rectifier whose slope below 0 is learned (He et al., 2015).
///
///     y = x > 0 ? x : a · x
///
/// | blob                  | shape                                     |
/// |-----------------------|-------------------------------------------|
/// | `bottom[0]`, `top[0]` | N × C × …, up to 4 axes                   |
/// | `parameters[0]`       | a: C, or a scalar with `channel_shared`   |
///
/// | parameter        | default       |
/// |------------------|---------------|
/// | `filler`         | constant 0.25 |
/// | `channel_shared` | false         |
///
/// - Note: weight decay pulls the slopes to 0; `param { decay_mult: 0 }` spares them.
public final class PReLULayer: Layer {
  public static let type = "PReLU"
  public static let worksInPlace = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let engine: any Engine
  private var spread: Broadcast?
  private let input = KeptInput()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape.rank >= 2 else { throw NetError("Number of axes of bottom blob must be >=2.") }
    var filler = definition.preluParam.filler
    if !definition.preluParam.hasFiller { filler.value = 0.25 }
    parameters = [
      try definition.makeParameter(
        0, definition.preluParam.channelShared ? .scalar : [shape[1]], filler: filler, in: context)
    ]
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    guard bottom[0].shape.rank >= 2 else { throw NetError("Number of axes of bottom blob must be >=2.") }
    try bottom[0].shape.checkLegacyAxes()
    spread = try Broadcast(of: parameters[0].shape, over: bottom[0].shape, axis: 1, name: "slope")
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    input.keep(bottom[0], before: top[0])
    guard let spread else { return }
    let runs = ChannelRuns(spread, over: bottom[0].shape, in: bottom[0].data, on: engine)
    let x = engine.read(bottom[0].data, in: runs.order)
    let a = parameters[0].data.values.baseAddress!
    let y = engine.overwrite(top[0].data, in: runs.order)
    runs.forEach(on: engine) { stretch in
      let value = Lanes(x + stretch.start, count: stretch.count)
      let scaled = runs.lanes(a, at: stretch) * value
      scaled.replacing(with: value, where: value .> 0).store(y + stretch.start, count: stretch.count)
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  /// da = Σ dy · x over x ≤ 0, dx = dy · (x > 0 ? 1 : a)
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard let spread else { return }
    let input = input.buffer(of: bottom[0])
    let runs = ChannelRuns(spread, over: bottom[0].shape, in: top[0].diff, on: engine)
    let x = engine.read(input, in: runs.order)
    let dy = engine.read(top[0].diff, in: runs.order)
    if propagate.parameters[0] {
      runs.addSums(on: engine, to: parameters[0].diff.mutableValues.baseAddress!) { stretch in
        let value = Lanes(x + stretch.start, count: stretch.count)
        let gradient = Lanes(dy + stretch.start, count: stretch.count)
        return (gradient * value).replacing(with: 0, where: .!(value .<= 0))
      }
    }
    guard propagate[0] else { return }
    let a = parameters[0].data.values.baseAddress!
    let dx = engine.overwrite(bottom[0].diff, in: runs.order)
    runs.forEach(on: engine) { stretch in
      let value = Lanes(x + stretch.start, count: stretch.count)
      let gradient = Lanes(dy + stretch.start, count: stretch.count)
      let scaled = runs.lanes(a, at: stretch) * gradient
      scaled.replacing(with: gradient, where: value .> 0).store(dx + stretch.start, count: stretch.count)
    }
  }
}
