internal import CaffeCore
internal import CaffeProto

/// The linear part of a layer that walks through time, and the walk itself: what LSTM and RNN have in common.
///
///     a_t = W_x · x_t + b + W_s · x_static + W_h · (cont_t · h_{t−1})
///
/// The inputs of all steps are transformed in one product; only the hidden state has to go step by step. Where the states
/// are not exposed as bottoms and tops, they are carried over from one forward pass to the next.
final class Recurrence {
  private let definition: LayerDefinition
  private let context: LayerContext
  private let gateCount: Int
  private let stateCount: Int

  /// What is learned, in the order in which files store it.
  private(set) var parameters: [Blob] = []
  private var inputName = ""
  private var input: LearnedProduct?
  private var constant: LearnedProduct?
  private var hidden: LearnedProduct?

  /// T, fixed at set-up, and N.
  private(set) var steps = 0
  private(set) var streams = 0

  /// a, or what the layer made of it: T·N × gates.
  let gates = Buffer()
  /// The gradient of a: T·N × gates.
  private let gateDiffs = Buffer()
  /// cont_t · h_{t−1} of all steps: T·N × H.
  private let enteringHidden = Buffer()
  /// The states with which the next pass begins, N × H each.
  let states: [Buffer]
  /// The share of x_static, or of one step's hidden state, or its gradient: N × gates.
  private let stepGates = Buffer()
  /// One step's hidden state or its gradient: N × H.
  private let stepHidden = Buffer()

  /// - Parameters:
  ///   - gates: how many gates a unit has.
  ///   - states: how many states a unit has, h being the first.
  init(_ definition: LayerDefinition, in context: LayerContext, gates: Int, states: Int) {
    self.definition = definition
    self.context = context
    gateCount = gates
    stateCount = states
    self.states = (0..<states).map { _ in Buffer() }
  }

  private var parameter: RecurrentParameter { definition.recurrentParam }
  private var exposedCount: Int { parameter.exposeHidden ? stateCount : 0 }
  private var gateWidth: Int { gateCount * units }

  /// H.
  var units: Int { Int(parameter.numOutput) }

  /// N · H, the size of a state.
  var stateSize: Int { streams * units }
}

// MARK: - Set-up and shapes

extension Recurrence {
  /// Makes W_x, b, W_s (if there is a static input) and W_h under these names.
  func setUp(
    _ bottom: [Blob], _ top: [Blob], input inputName: String, bias: String, constant constantName: String,
    hidden hiddenName: String
  ) throws {
    guard units > 0 else {
      throw NetError("num_output must be positive", remedy: "set num_output in recurrent_param")
    }
    try checkCounts(bottom.count, top.count)
    try checkShapes(bottom)
    steps = bottom[0].shape[0]
    guard steps > 0 else { throw NetError("bottom[0] has no timesteps: its first axis is 0") }
    self.inputName = inputName
    input = try makeProduct(inputName, bias: bias, inputs: bottom[0].shape.count(2...), outputs: gateWidth)
    if hasConstant(bottom) {
      constant = try makeProduct(constantName, inputs: bottom[2].shape.count(1...), outputs: gateWidth)
    }
    hidden = try makeProduct(hiddenName, inputs: units, outputs: gateWidth)
  }

  /// Makes a product, whose weights and bias are the next of the layer's parameters.
  func makeProduct(_ weights: String, bias: String? = nil, inputs: Int, outputs: Int) throws -> LearnedProduct {
    let index = parameters.count
    try addParameter(weights, [outputs, inputs], filler: parameter.weightFiller)
    if let bias { try addParameter(bias, [outputs], filler: parameter.biasFiller) }
    return LearnedProduct(
      parameters[index], bias: bias == nil ? nil : parameters[index + 1], index: index, engine: context.engine)
  }

  private func addParameter(_ name: String, _ shape: [Int], filler: FillerParameter) throws {
    context.logger.info("Adding parameter \(parameters.count): \(name)")
    let shape = try Shape(checking: shape)
    parameters.append(try definition.makeParameter(parameters.count, shape, filler: filler, in: context))
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try checkShapes(bottom)
    let x = bottom[0].shape
    guard x[0] == steps else {
      throw NetError("input number of timesteps changed: it was \(steps) at set-up, now it is \(x[0])")
    }
    try check(x.count(2...), parameters[0], "bottom[0] has \(x.count(2...)) values for each step and stream")
    if hasConstant(bottom) {
      let count = bottom[2].shape.count(1...)
      try check(count, parameters[2], "bottom[2] has \(count) values for each stream")
    }
    streams = x[1]
    top[0].reshape(to: try Shape(checking: [steps, streams, units]))
    for top in top.dropFirst() { top.reshape(to: [1, streams, units]) }

    input?.reshape(rows: steps * streams)
    constant?.reshape(rows: streams)
    hidden?.reshape(rows: streams, learningRows: steps * streams)
    for buffer in [gates, gateDiffs] { buffer.resize(to: steps * streams * gateWidth) }
    for buffer in states + [stepHidden] { buffer.resize(to: stateSize) }
    enteringHidden.resize(to: steps * stateSize)
    stepGates.resize(to: streams * gateWidth)
  }

  private func hasConstant(_ bottom: [Blob]) -> Bool { bottom.count > 2 + exposedCount }

  private func check(_ count: Int, _ weights: Blob, _ words: String) throws(NetError) {
    guard count == weights.shape[1] else {
      throw NetError("Input size incompatible with inner product parameters: \(words), the weights \(weights.shape[1])")
    }
  }

  private func checkCounts(_ bottoms: Int, _ tops: Int) throws(NetError) {
    let least = 2 + exposedCount
    let remedy = "with expose_hidden the first states are bottoms and the last states are tops; without, none is"
    guard bottoms >= least else {
      throw NetError("\(definition.type) Layer takes at least \(least) bottom blob(s) as input.", remedy: remedy)
    }
    guard bottoms <= least + 1 else {
      throw NetError("\(definition.type) Layer takes at most \(least + 1) bottom blob(s) as input.", remedy: remedy)
    }
    guard tops == 1 + exposedCount else {
      throw NetError("\(definition.type) Layer produces \(1 + exposedCount) top blob(s) as output.", remedy: remedy)
    }
  }

  private func checkShapes(_ bottom: [Blob]) throws(NetError) {
    let x = bottom[0].shape
    guard x.rank >= 2 else {
      throw NetError("bottom[0] must have at least 2 axes, timesteps × streams × …, but its shape is \(x)")
    }
    guard bottom[1].shape == [x[0], x[1]] else {
      throw NetError(
        "bottom[1], the continuation indicators, must have the shape \(x[0]) × \(x[1]) (timesteps × streams), "
          + "not \(bottom[1].shape)")
    }
    if hasConstant(bottom) {
      guard bottom[2].shape.rank >= 1, bottom[2].shape[0] == x[1] else {
        throw NetError("bottom[2], the static input, must have \(x[1]) streams, but its shape is \(bottom[2].shape)")
      }
    }
    for index in bottom.count - exposedCount..<bottom.count where bottom[index].shape != [1, x[1], units] {
      throw NetError(
        "bottom[\(index)], an initial state, must have the shape 1 × \(x[1]) × \(units), not \(bottom[index].shape)")
    }
  }
}

// MARK: - Forward

extension Recurrence {
  /// Fills `gates` with the share of the inputs.
  func begin(_ bottom: [Blob]) {
    input?.forward(bottom[0].data, into: gates)
    debug("[Forward]", "x_transform", "top blob \(inputName)_x", "data", gates.values)
    guard let constant else { return }
    constant.forward(bottom[2].data, into: stepGates)
    debug("[Forward]", "x_static_transform", "top blob \(inputName)_x_static", "data", stepGates.values)
    for step in 0..<steps { addStepGates(to: step) }
  }

  /// Adds the share of the hidden state before a step.
  ///
  /// - Returns: the gate inputs of the step, N × gates, to be turned into gates.
  func enter(
    _ step: Int, cont: UnsafePointer<Float>, hidden previous: UnsafePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    let entering = stepHidden.uninitializedValues
    for stream in 0..<streams {
      let factor = cont[step * streams + stream]
      for i in stream * units..<(stream + 1) * units { entering[i] = factor == 0 ? 0 : factor * previous[i] }
    }
    (enteringHidden.mutableValues.baseAddress! + step * stateSize).update(
      from: entering.baseAddress!, count: stateSize)
    hidden?.forward(stepHidden, into: stepGates)
    addStepGates(to: step)
    debug("[Forward]", "gate_input_\(step + 1)", "top blob gate_input_\(step + 1)", "data", part(of: gates, step))
    return gates.mutableValues.baseAddress! + step * stepGates.count
  }

  private func addStepGates(to step: Int) {
    let sum = gates.mutableValues.baseAddress! + step * stepGates.count
    let share = stepGates.values
    for i in 0..<share.count { sum[i] += share[i] }
  }

  /// The state before the first step: a bottom, or what the last pass left.
  func initialState(_ index: Int, _ bottom: [Blob]) -> UnsafePointer<Float> {
    let buffer = exposedCount > 0 ? bottom[bottom.count - exposedCount + index].data : states[index]
    return buffer.values.baseAddress!
  }

  /// Hands on the state behind the last step: as a top, or to the next pass.
  func finish(_ index: Int, _ state: UnsafePointer<Float>, _ top: [Blob]) {
    let buffer = exposedCount > 0 ? top[1 + index].data : states[index]
    buffer.uninitializedValues.baseAddress!.update(from: state, count: stateSize)
  }
}

// MARK: - Backward

extension Recurrence {
  /// Begins the way back: nothing comes from behind the last step.
  func beginBackward() { stepHidden.setZero() }

  /// The gradient of the hidden state of a step: its own share of `diffs` (T × N × H) and that of the step behind it.
  func hiddenDiffs(_ step: Int, _ diffs: UnsafePointer<Float>) -> UnsafePointer<Float> {
    let total = stepHidden.mutableValues
    for i in 0..<total.count { total[i] += diffs[step * total.count + i] }
    return UnsafePointer(total.baseAddress!)
  }

  /// Where the gradient of a step's gate inputs goes.
  func gateDiffs(_ step: Int) -> UnsafeMutablePointer<Float> {
    gateDiffs.mutableValues.baseAddress! + step * stepGates.count
  }

  /// Sends the gradient of a step's gate inputs on to the hidden state before it, unless this is the first step.
  func leave(_ step: Int, cont: UnsafePointer<Float>) {
    let diffs = part(of: gateDiffs, step)
    debug("[Backward]", "gate_input_\(step + 1)", "bottom blob gate_input_\(step + 1)", "diff", diffs)
    guard step > 0 else { return }
    _ = stepGates.uninitializedValues.update(from: diffs)
    hidden?.backward(stepGates, into: stepHidden)
    let leaving = stepHidden.mutableValues
    for stream in 0..<streams {
      let factor = cont[step * streams + stream]
      for i in stream * units..<(stream + 1) * units { leaving[i] *= factor }
    }
  }

  /// Computes the gradients of bottoms and parameters out of those of all gate inputs. Initial states get none.
  func finishBackward(_ bottom: [Blob], propagate: Propagation) {
    input?.learn(bottom[0].data, gateDiffs, propagate: propagate)
    hidden?.learn(enteringHidden, gateDiffs, propagate: propagate)
    if propagate[0] { input?.backward(gateDiffs, into: bottom[0].diff) }
    if let constant {
      let total = stepGates.uninitializedValues
      total.update(repeating: 0)
      for step in 0..<steps {
        let diffs = part(of: gateDiffs, step)
        for i in 0..<total.count { total[i] += diffs[i] }
      }
      constant.learn(bottom[2].data, stepGates, propagate: propagate)
      if propagate[2] { constant.backward(stepGates, into: bottom[2].diff) }
    }
    for index in bottom.count - exposedCount..<bottom.count where propagate[index] { bottom[index].diff.setZero() }
  }

  private func part(of buffer: Buffer, _ step: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: buffer.values[step * stepGates.count..<(step + 1) * stepGates.count])
  }
}

// MARK: - debug_info

extension Recurrence {
  /// Logs a mean magnitude in the manner of a net's `debug_info`, if the layer's own is set.
  func debug(
    _ pass: String, _ part: @autoclosure () -> String, _ blob: @autoclosure () -> String, _ kind: String,
    _ values: @autoclosure () -> UnsafeBufferPointer<Float>
  ) {
    guard parameter.debugInfo else { return }
    let values = values()
    let mean = values.reduce(0) { $0 + abs($1) } / Float(max(1, values.count))
    context.logger.info("    \(pass) Layer \(definition.name)_\(part()), \(blob()) \(kind): \(mean.shortText)")
  }
}
