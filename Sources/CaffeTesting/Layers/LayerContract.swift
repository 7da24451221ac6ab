public import Caffe
import CaffeCore
public import CaffeProto

/// What every layer promises, whatever it computes:
///
/// - to reshape twice changes nothing;
/// - after a smaller and a larger batch it computes what a new layer computes;
/// - the same seed gives the same tops;
/// - bottoms stay as they are, unless the layer works in place;
/// - backward after the same forward gives the same gradients;
/// - gradients of parameters add up, gradients of bottoms are replaced;
/// - a gradient that is not asked for is left alone;
/// - backward reads no other values than `backwardReads` says.
///
///     try LayerContract(definition, bottoms: [[2, 7, 3, 3]]).check(on: engine)
public struct LayerContract {
  public var trial: LayerTrial
  /// The bottoms whose first axis is the batch; none if the batch cannot change.
  public var batchBottoms: [Int]
  /// How far equal computations may differ: engines may choose other kernels for other batches.
  public var tolerance: Float = 1e-5

  public init(_ trial: LayerTrial) {
    self.trial = trial
    batchBottoms = trial.bottoms.indices.filter { trial.bottoms[$0].shape.rank > 0 }
  }

  public init(_ definition: LayerDefinition, bottoms: [TrialBottom]) {
    self.init(LayerTrial(definition, bottoms: bottoms))
  }

  /// Throws a `CheckFailure` unless the layer keeps every promise.
  public func check(on engine: EngineChoice) throws {
    try CheckFailure.check("\(trial.subject) on \(engine)", violations(on: engine))
  }

  /// The promises that the layer breaks.
  ///
  /// - Throws: what the layer throws.
  public func violations(on engine: EngineChoice) throws -> [Disagreement] {
    var examination = Examination(contract: self, engine: engine)
    try examination.reshapeTwice()
    try examination.sameSeed()
    try examination.otherBatches()
    try examination.untouchedBottoms()
    try examination.gradientsAddUpOrReplace()
    try examination.unwantedGradients()
    try examination.valuesOverwrittenBeforeBackward()
    return examination.comparison.disagreements
  }
}

extension LayerContract {
  /// One run through all promises.
  private struct Examination {
    let contract: LayerContract
    let engine: EngineChoice
    var comparison: Comparison
    let trial: LayerTrial
    let shapes: [Shape]

    init(contract: LayerContract, engine: EngineChoice) {
      self.contract = contract
      self.engine = engine
      comparison = Comparison(tolerance: contract.tolerance)
      trial = contract.trial
      shapes = trial.bottoms.map(\.shape)
    }

    private func makeLayer(_ shapes: [Shape]? = nil) throws -> LoneLayer {
      try LoneLayer(trial, shapes: shapes ?? self.shapes, engine: engine)
    }

    private mutating func compare(_ actual: [[Float]], _ expected: [[Float]], _ promise: String, _ blob: String) {
      for (index, (actual, expected)) in zip(actual, expected).enumerated() {
        comparison.compare(actual, expected, at: "\(promise): \(blob)[\(index)]")
      }
    }

    mutating func reshapeTwice() throws {
      let once = try makeLayer()
      let twice = try makeLayer()
      try twice.layer.reshape(twice.bottoms, twice.tops)
      comparison.compareExactly(twice.tops.map(\.shape), once.tops.map(\.shape), at: "reshaped twice: top shapes")
      compare(twice.bottomValues, once.bottomValues, "reshaped twice", "bottom")
      try once.forward()
      try twice.forward()
      compare(twice.topValues, once.topValues, "reshaped twice", "top")
    }

    mutating func sameSeed() throws {
      let first = try makeLayer()
      let second = try makeLayer()
      compare(
        second.layer.parameters.map { Array($0.data.values) }, first.layer.parameters.map { Array($0.data.values) },
        "same seed", "parameter")
      try first.forward()
      try second.forward()
      compare(second.topValues, first.topValues, "same seed", "top")
    }

    mutating func otherBatches() throws {
      guard !contract.batchBottoms.isEmpty else { return }
      let used = try makeLayer()
      try used.forward()
      let batches = contract.batchBottoms.map { shapes[$0][0] }
      for change in [-1, 1] where batches.allSatisfy({ $0 + change > 0 }) {
        var changed = shapes
        for bottom in contract.batchBottoms { changed[bottom][0] += change }
        let promise = change < 0 ? "smaller batch" : "larger batch"
        let new = try makeLayer(changed)
        used.feed(changed, LoneLayer.values(of: trial, shapes: changed))
        try new.forward()
        try used.forward()
        comparison.compareExactly(used.tops.map(\.shape), new.tops.map(\.shape), at: "\(promise): top shapes")
        compare(used.topValues, new.topValues, promise, "top")
        guard !used.differentiableBottoms.isEmpty else { continue }
        let diffs = new.makeTopDiffs(seed: trial.seed)
        for parameter in used.layer.parameters + new.layer.parameters { parameter.diff.setZero() }
        try new.backward(diffs)
        try used.backward(diffs)
        for bottom in used.differentiableBottoms {
          compare([used.bottomDiffs[bottom]], [new.bottomDiffs[bottom]], promise, "bottom \(bottom) diff")
        }
        compare(used.parameterDiffs, new.parameterDiffs, promise, "parameter diff")
      }
    }

    mutating func untouchedBottoms() throws {
      guard !trial.isInPlace else { return }
      let layer = try makeLayer()
      let before = layer.bottomValues
      try layer.forward()
      compare(layer.bottomValues, before, "untouched by forward", "bottom")
      guard !layer.differentiableBottoms.isEmpty else { return }
      try layer.backward(layer.makeTopDiffs(seed: trial.seed))
      compare(layer.bottomValues, before, "untouched by backward", "bottom")
    }

    mutating func gradientsAddUpOrReplace() throws {
      let layer = try makeLayer()
      guard !layer.differentiableBottoms.isEmpty || !layer.layer.parameters.isEmpty else { return }
      let values = layer.bottomValues
      try layer.forward()
      let diffs = layer.makeTopDiffs(seed: trial.seed)
      for parameter in layer.layer.parameters { parameter.diff.setZero() }
      for bottom in layer.bottoms { bottom.diff.setZero() }
      try layer.backward(diffs)
      let bottomDiffs = layer.bottomDiffs
      let parameterDiffs = layer.parameterDiffs

      layer.feed(shapes, values)
      try layer.forward()
      for bottom in layer.bottoms { bottom.diff.uninitializedValues.update(repeating: 1e3) }
      try layer.backward(diffs)
      for bottom in layer.differentiableBottoms {
        compare([layer.bottomDiffs[bottom]], [bottomDiffs[bottom]], "gradients are replaced", "bottom \(bottom) diff")
      }
      compare(
        layer.parameterDiffs, parameterDiffs.map { $0.map { 2 * $0 } }, "gradients add up", "parameter diff")
    }

    mutating func valuesOverwrittenBeforeBackward() throws {
      guard !trial.isInPlace else { return }
      let layer = try makeLayer()
      guard !layer.differentiableBottoms.isEmpty || !layer.layer.parameters.isEmpty else { return }
      try layer.forward()
      let diffs = layer.makeTopDiffs(seed: trial.seed)
      for parameter in layer.layer.parameters { parameter.diff.setZero() }
      try layer.backward(diffs)
      let (bottomDiffs, parameterDiffs) = (layer.bottomDiffs, layer.parameterDiffs)
      let reads = layer.layer.backwardReads
      let read = (reads.contains(.bottoms) ? layer.bottoms : []) + (reads.contains(.tops) ? layer.tops : [])
      for blob in layer.bottoms + layer.tops where !read.contains(where: { $0.data === blob.data }) {
        blob.data.uninitializedValues.update(repeating: .nan)
      }
      for parameter in layer.layer.parameters { parameter.diff.setZero() }
      try layer.backward(diffs)
      let promise = "values that backwardReads leaves out are gone"
      for bottom in layer.differentiableBottoms {
        compare([layer.bottomDiffs[bottom]], [bottomDiffs[bottom]], promise, "bottom \(bottom) diff")
      }
      compare(layer.parameterDiffs, parameterDiffs, promise, "parameter diff")
    }

    mutating func unwantedGradients() throws {
      guard !trial.isInPlace else { return }
      let layer = try makeLayer()
      guard !layer.differentiableBottoms.isEmpty || !layer.layer.parameters.isEmpty else { return }
      try layer.forward()
      let diffs = layer.makeTopDiffs(seed: trial.seed)
      try layer.backward(diffs)
      let wanted = layer.bottomDiffs
      let mark: Float = 17.5
      // A gradient that lives in the memory of a top's cannot be left alone.
      let own = layer.bottoms.indices.filter { bottom in
        !layer.tops.contains { $0.diff === layer.bottoms[bottom].diff }
      }
      for only in [nil] + layer.differentiableBottoms.map(Optional.some) {
        let promise = "only \(only.map { "bottom \($0)" } ?? "parameters") asked for"
        for bottom in own { layer.bottoms[bottom].diff.uninitializedValues.update(repeating: mark) }
        for parameter in layer.layer.parameters { parameter.diff.uninitializedValues.update(repeating: mark) }
        try layer.backward(diffs, bottoms: only.map { [$0] } ?? [], parameters: only == nil)
        for bottom in own where bottom != only {
          let marks = [Float](repeating: mark, count: layer.bottoms[bottom].count)
          compare([layer.bottomDiffs[bottom]], [marks], promise, "bottom \(bottom) diff")
        }
        guard let only else { continue }
        compare([layer.bottomDiffs[only]], [wanted[only]], promise, "bottom \(only) diff")
        let marks = layer.layer.parameters.map { [Float](repeating: mark, count: $0.count) }
        compare(layer.parameterDiffs, marks, promise, "parameter diff")
      }
    }
  }
}
