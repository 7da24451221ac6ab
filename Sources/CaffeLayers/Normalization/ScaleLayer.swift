public import CaffeCore
public import CaffeProto

/// Multiplies a tensor by another one, spread over the axes it does not have, and adds a third: y = s · x + b.
///
/// | blob              | shape                                                                |
/// |-------------------|----------------------------------------------------------------------|
/// | `bottom[0]`       | x: any                                                               |
/// | `bottom[1]`       | s: some axes of x from `axis` on; instead of the parameter           |
/// | `top[0]`          | as x                                                                 |
/// | `parameters[0]`   | s: `num_axes` axes of x from `axis` on; absent with two bottoms      |
/// | `parameters.last` | b: as s, with `bias_term`                                            |
///
/// | parameter     | default                                   |
/// |---------------|-------------------------------------------|
/// | `axis`        | 1                                         |
/// | `num_axes`    | 1; −1: to the last; 0: one number for all |
/// | `filler`      | constant 1                                |
/// | `bias_term`   | false                                     |
/// | `bias_filler` | constant 0                                |
public final class ScaleLayer: Layer {
  public static let type = "Scale"
  public static let bottomCount = BlobCount.between(1, 2)
  public static let worksInPlace = true

  public private(set) var parameters: [Blob] = []
  private let definition: LayerDefinition
  private let context: LayerContext
  private let engine: any Engine
  private var spread: Broadcast?
  private var rank = 0
  private let input = KeptInput()
  /// The engine's way, for one number a channel.
  private var operation: (any ChannelAffineOperation)?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
    engine = context.engine
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let parameter = definition.scaleParam
    var shape = Shape.scalar
    if bottom.count == 1 {
      shape = try Broadcast.shape(
        over: bottom[0].shape, axis: Int(parameter.axis), count: Int(parameter.numAxes), name: "scale")
      var filler = parameter.filler
      if !parameter.hasFiller { filler.value = 1 }
      parameters.append(try definition.makeParameter(0, shape, filler: filler, in: context))
    } else {
      shape = bottom[1].shape
    }
    if parameter.biasTerm {
      parameters.append(
        try definition.makeParameter(parameters.count, shape, filler: parameter.biasFiller, in: context))
    }
  }

  private func scale(_ bottom: [Blob]) -> Blob { bottom.count > 1 ? bottom[1] : parameters[0] }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let axis = Int(definition.scaleParam.axis)
    let scale = scale(bottom).shape
    spread = try Broadcast(of: scale, over: bottom[0].shape, axis: axis, name: "scale")
    if definition.scaleParam.biasTerm, parameters.last?.count != scale.count {
      throw NetError("the bias has \(parameters.last?.count ?? 0) values, but the scale now has \(scale.count)")
    }
    top[0].reshape(like: bottom[0])
    let shape = bottom[0].shape
    rank = shape.rank
    guard bottom.count == 1, shape.rank > 1, scale.dimensions == [shape[1]], try shape.axis(axis) == 1 else {
      operation = nil
      return
    }
    let description = ChannelAffineDescription(shape: shape, hasOffset: definition.scaleParam.biasTerm)
    if operation?.description != description { operation = engine.channelAffine(description) }
  }

  public var role: LayerRole {
    // One factor for each value of axis 1, learned rather than given by a second bottom.
    let isLearned = parameters.count == (definition.scaleParam.biasTerm ? 2 : 1)
    let axis = Int(definition.scaleParam.axis)
    return isLearned && parameters[0].shape.rank == 1 && (axis == 1 || axis + rank == 1) ? .channelScale(self) : .other
  }

  private var bias: Blob? { definition.scaleParam.biasTerm ? parameters.last : nil }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    input.keep(bottom[0], before: top[0])
    if let operation, operation.serves(bottom[0].data) {
      return operation.forward(bottom[0].data, scale: parameters[0].data, offset: bias?.data, into: top[0].data)
    }
    guard let spread else { return }
    let runs = ChannelRuns(spread, over: bottom[0].shape, in: bottom[0].data, on: engine)
    let x = engine.read(bottom[0].data, in: runs.order)
    let s = scale(bottom).data.values.baseAddress!
    let y = engine.overwrite(top[0].data, in: runs.order)
    if definition.scaleParam.biasTerm {
      let b = parameters[parameters.count - 1].data.values.baseAddress!
      runs.forEach(on: engine) { stretch in
        let value = Lanes(x + stretch.start, count: stretch.count)
        let result = runs.lanes(s, at: stretch) * value + runs.lanes(b, at: stretch)
        result.store(y + stretch.start, count: stretch.count)
      }
    } else {
      runs.forEach(on: engine) { stretch in
        let value = Lanes(x + stretch.start, count: stretch.count)
        (runs.lanes(s, at: stretch) * value).store(y + stretch.start, count: stretch.count)
      }
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  /// ds = Σ dy · x, db = Σ dy, dx = s · dy
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if let operation, operation.serves(top[0].diff) {
      operation.backwardParameters(
        top[0].diff, at: input.buffer(of: bottom[0]), scale: propagate.parameters[0] ? parameters[0].diff : nil,
        offset: bias.flatMap { propagate.parameters.last == true ? $0.diff : nil })
      if propagate[0] { operation.backwardData(top[0].diff, scale: parameters[0].data, into: bottom[0].diff) }
      return
    }
    guard let spread else { return }
    let runs = ChannelRuns(spread, over: bottom[0].shape, in: top[0].diff, on: engine)
    let dy = engine.read(top[0].diff, in: runs.order)
    if definition.scaleParam.biasTerm, propagate.parameters.last == true {
      runs.addSums(of: dy, on: engine, to: parameters[parameters.count - 1].diff)
    }
    let hasParameter = bottom.count == 1
    if hasParameter ? propagate.parameters[0] : propagate[1] {
      let diff = scale(bottom).diff
      if !hasParameter { diff.setZero() }
      let x = engine.read(input.buffer(of: bottom[0]), in: runs.order)
      runs.addSums(on: engine, to: diff.mutableValues.baseAddress!) { stretch in
        Lanes(dy + stretch.start, count: stretch.count) * Lanes(x + stretch.start, count: stretch.count)
      }
    }
    guard propagate[0] else { return }
    let s = scale(bottom).data.values.baseAddress!
    let dx = engine.overwrite(bottom[0].diff, in: runs.order)
    runs.forEach(on: engine) { stretch in
      let gradient = Lanes(dy + stretch.start, count: stretch.count)
      (runs.lanes(s, at: stretch) * gradient).store(dx + stretch.start, count: stretch.count)
    }
  }
}

extension ScaleLayer: ChannelScaling {
  public func apply(toScale scale: UnsafeMutableBufferPointer<Float>, shift: UnsafeMutableBufferPointer<Float>) {
    let factors = parameters[0].data.values
    for c in scale.indices {
      scale[c] *= factors[c]
      shift[c] *= factors[c]
    }
    guard definition.scaleParam.biasTerm else { return }
    let summands = parameters[1].data.values
    for c in shift.indices { shift[c] += summands[c] }
  }
}
