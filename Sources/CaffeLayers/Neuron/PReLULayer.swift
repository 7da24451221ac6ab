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
  private var spread: Broadcast?
  private let input = KeptInput()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
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
    let x = bottom[0].data.values
    let a = parameters[0].data.values
    let y = top[0].data.uninitializedValues
    spread?.forEachRun { run, channel in
      let slope = a[channel]
      for i in run { y[i] = x[i] > 0 ? x[i] : slope * x[i] }
    }
  }

  /// da = Σ dy · x over x ≤ 0, dx = dy · (x > 0 ? 1 : a)
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let x = input.values(of: bottom[0])
    let dy = top[0].diff.values
    if propagate.parameters[0] {
      let da = parameters[0].diff.mutableValues
      spread?.forEachRun { run, channel in
        var total: Float = 0
        for i in run where x[i] <= 0 { total += dy[i] * x[i] }
        da[channel] += total
      }
    }
    guard propagate[0] else { return }
    let a = parameters[0].data.values
    let dx = bottom[0].diff.uninitializedValues
    spread?.forEachRun { run, channel in
      let slope = a[channel]
      for i in run { dx[i] = x[i] > 0 ? dy[i] : slope * dy[i] }
    }
  }
}
