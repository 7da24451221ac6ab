public import Caffe
import CaffeCore
public import CaffeProto

/// Compares a layer's gradients with what small steps show.
///
/// The objective is a weighted sum of all tops, L = Σ w · top, with fixed weights w of random sign and magnitudes in
/// 0.5 ..< 1.5: they are what backward finds on the tops. For each value x of a bottom or parameter
///
///     dL/dx ≈ (L(x + step) − L(x − step)) / (2 · step)
///
/// is held against what backward computed; both agree when they differ by at most tolerance · max(1, |either|).
///
///     try GradientCheck(definition, bottoms: [[2, 7, 3, 3]]).check(on: engine)
public struct GradientCheck {
  public var trial: LayerTrial
  public var step: Float = 1e-2
  public var tolerance: Float = 1e-3
  /// Values whose magnitude is this close (`kinkRange`) to `kink` are skipped: no derivative is there, or another one a step
  /// away.
  public var kink: Float = 0
  public var kinkRange: Float = 0
  /// The parameters with a gradient; nil for all.
  public var parameters: [Int]?
  /// The tops that count in the objective; nil for all.
  public var tops: [Int]?

  public init(_ trial: LayerTrial) { self.trial = trial }

  public init(_ definition: LayerDefinition, bottoms: [TrialBottom]) {
    self.init(LayerTrial(definition, bottoms: bottoms))
  }

  /// Throws a `CheckFailure` unless all gradients agree.
  public func check(on engine: EngineChoice) throws {
    try CheckFailure.check("gradients of \(trial.subject) on \(engine)", disagreements(on: engine))
  }

  /// The gradients that do not agree.
  ///
  /// - Throws: what the layer throws.
  public func disagreements(on engine: EngineChoice) throws -> [Disagreement] {
    let lone = try LoneLayer(trial, shapes: trial.bottoms.map(\.shape), engine: engine)
    let state = State(of: lone)
    try lone.forward()
    let weights = lone.makeTopDiffs(seed: trial.seed).enumerated().map { index, weights in
      tops?.contains(index) ?? true ? weights : weights.map { _ in 0 }
    }
    for parameter in lone.layer.parameters { parameter.diff.setZero() }
    try lone.backward(weights)

    var comparison = Comparison(tolerance: tolerance)
    let bottomDiffs = lone.bottomDiffs
    for bottom in lone.differentiableBottoms {
      try compare(bottomDiffs[bottom], at: "bottom[\(bottom)]", lone, state, weights, \.bottoms[bottom], &comparison)
    }
    let parameterDiffs = lone.parameterDiffs
    for parameter in parameters ?? Array(parameterDiffs.indices) {
      try compare(
        parameterDiffs[parameter], at: "parameter[\(parameter)]", lone, state, weights, \.parameters[parameter],
        &comparison)
    }
    return comparison.disagreements
  }

  private func compare(
    _ analytic: [Float], at place: String, _ lone: LoneLayer, _ state: State, _ weights: [[Float]],
    _ values: WritableKeyPath<State, [Float]>, _ comparison: inout Comparison
  ) throws {
    var stepped = state
    for index in analytic.indices {
      let value = state[keyPath: values][index]
      if abs(abs(value) - kink) < kinkRange { continue }
      let (above, below) = (value + step, value - step)
      stepped[keyPath: values][index] = above
      let high = try objective(lone, stepped, weights)
      stepped[keyPath: values][index] = below
      let low = try objective(lone, stepped, weights)
      stepped[keyPath: values][index] = value
      let numeric = Float((high - low) / (Double(above) - Double(below)))
      if abs(analytic[index] - numeric) <= tolerance * max(1, abs(analytic[index]), abs(numeric)) { continue }
      comparison.append([Disagreement(place: place, index: index, expected: "\(numeric)", actual: "\(analytic[index])")]
      )
    }
  }

  private func objective(_ lone: LoneLayer, _ state: State, _ weights: [[Float]]) throws -> Double {
    state.restore(lone)
    try lone.forward()
    var sum = 0.0
    for (top, weights) in zip(lone.tops, weights) {
      for (value, weight) in zip(top.data.values, weights) where weight != 0 { sum += Double(value) * Double(weight) }
    }
    return sum
  }

  /// The values of bottoms and parameters, which a forward pass may change.
  private struct State {
    var bottoms: [[Float]]
    var parameters: [[Float]]

    init(of lone: LoneLayer) {
      bottoms = lone.bottomValues
      parameters = lone.layer.parameters.map { Array($0.data.values) }
    }

    func restore(_ lone: LoneLayer) {
      for (blob, values) in zip(lone.bottoms, bottoms) { _ = blob.data.uninitializedValues.update(from: values) }
      for (blob, values) in zip(lone.layer.parameters, parameters) {
        _ = blob.data.uninitializedValues.update(from: values)
      }
    }
  }
}
