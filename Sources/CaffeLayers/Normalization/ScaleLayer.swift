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
  private var broadcast: Broadcast?
  private let input = KeptInput()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
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
    broadcast = try Broadcast(of: scale, over: bottom[0].shape, axis: axis, name: "scale")
    if definition.scaleParam.biasTerm, parameters.last?.count != scale.count {
      throw NetError("the bias has \(parameters.last?.count ?? 0) values, but the scale now has \(scale.count)")
    }
    top[0].reshape(like: bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    input.keep(bottom[0], before: top[0])
    let x = bottom[0].data.values
    let s = scale(bottom).data.values
    let b = definition.scaleParam.biasTerm ? parameters.last?.data.values : nil
    let y = top[0].data.uninitializedValues
    broadcast?.forEachRun { run, index in
      let scale = s[index]
      let bias = b?[index] ?? 0
      for i in run { y[i] = scale * x[i] + bias }
    }
  }

  /// ds = Σ dy · x, db = Σ dy, dx = s · dy
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if definition.scaleParam.biasTerm, propagate.parameters.last == true {
      broadcast?.addSums(of: top[0].diff, to: parameters[parameters.count - 1].diff, overwriting: false)
    }
    let hasParameter = bottom.count == 1
    if hasParameter ? propagate.parameters[0] : propagate[1] {
      addScaleGradient(bottom, top, overwriting: !hasParameter)
    }
    guard propagate[0] else { return }
    let dy = top[0].diff.values
    let s = scale(bottom).data.values
    let dx = bottom[0].diff.uninitializedValues
    broadcast?.forEachRun { run, index in
      let scale = s[index]
      for i in run { dx[i] = scale * dy[i] }
    }
  }

  private func addScaleGradient(_ bottom: [Blob], _ top: [Blob], overwriting: Bool) {
    let diff = scale(bottom).diff
    if overwriting { diff.setZero() }
    let ds = diff.mutableValues
    let dy = top[0].diff.values.baseAddress!
    let x = input.values(of: bottom[0]).baseAddress!
    broadcast?.forEachRun { run, index in
      ds[index] += dot(dy + run.lowerBound, x + run.lowerBound, count: run.count)
    }
  }
}
