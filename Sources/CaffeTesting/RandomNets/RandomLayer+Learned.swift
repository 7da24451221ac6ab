import CaffeCore

extension RandomLayer {
  static let learned: [RandomLayer] = [
    RandomLayer("InnerProduct", weight: 6) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let axis = draft.chance(0.7) && x.shape.rank > 1 ? 1 : draft.axis(of: x)
      let hasBias = draft.chance(0.75)
      let inputs = x.shape.count((axis < 0 ? axis + x.shape.rank : axis)...)
      return .init(
        """
        inner_product_param { num_output: \(draft.choose([1, 2, 3, 5, 10, 16, 17])) axis: \(axis) bias_term: \(hasBias) \
        transpose: \(draft.chance(0.3)) \(draft.fillers(inputs)) }
        """, [x], parameters: hasBias ? 2 : 1)
    },
    RandomLayer("Embed") { draft in
      let shape = draft.choose([[3], [2, 4], [5, 1]])
      let hasBias = draft.chance(0.6)
      return .init(
        "embed_param { num_output: \(draft.choose([1, 3, 8])) input_dim: 6 bias_term: \(hasBias) \(draft.fillers(1)) }",
        [draft.input(.labels(6), .init(shape))], parameters: hasBias ? 2 : 1)
    },
    RandomLayer("Parameter") { draft in
      .init("parameter_param { shape { dim: 2 dim: \(draft.choose([1, 3, 5])) } }", [], parameters: 1)
    },
    RandomLayer("Scale", weight: 4) { draft in
      guard let x = draft.pick() else { return nil }
      let hasBias = draft.chance(0.6)
      let fillers = "filler { type: 'uniform' min: 0.5 max: 1.5 } bias_filler { type: 'gaussian' std: 0.3 }"
      if draft.chance(0.2), let (s, axis) = draft.small(besides: x) {
        return .init(
          "scale_param { axis: \(axis) bias_term: \(hasBias) \(fillers) }", [x, s], parameters: hasBias ? 1 : 0)
      }
      return .init(
        "scale_param { \(draft.spread(over: x)) bias_term: \(hasBias) \(fillers) }", [x], parameters: hasBias ? 2 : 1)
    },
    RandomLayer("Bias", weight: 2) { draft in
      guard let x = draft.pick() else { return nil }
      if draft.chance(0.3), let (b, axis) = draft.small(besides: x) {
        return .init("bias_param { axis: \(axis) }", [x, b])
      }
      return .init("bias_param { \(draft.spread(over: x)) filler { type: 'gaussian' } }", [x], parameters: 1)
    },
  ]

  static let normalizations: [RandomLayer] = [
    RandomLayer("BatchNorm", weight: 5) { draft in
      // Of few values in a channel the deviation may be almost 0, by which rounding errors would be divided.
      guard let x = draft.pick({ $0.shape.rank > 1 && $0.shape[1] > 0 && $0.shape.count / $0.shape[1] > 5 }) else {
        return nil
      }
      let settings = draft.choose([
        "", "", "eps: 0.01", "use_global_stats: false", "use_global_stats: true", "moving_average_fraction: 0.5",
        "scale_bias: true scale_filler { type: 'uniform' min: 0.5 max: 1.5 } bias_filler { type: 'gaussian' std: 0.3 }",
      ])
      return .init("batch_norm_param { \(settings) }", [x])
    },
    RandomLayer("LRN", weight: 3) { draft in
      guard let x = draft.pick({ $0.shape.rank == 4 }) else { return nil }
      let settings = draft.choose([
        "", "local_size: 3 alpha: 0.5", "alpha: 0.1 beta: 0.5 k: 2", "norm_region: WITHIN_CHANNEL local_size: 3",
        "local_size: 1 beta: 1",
      ])
      return .init("lrn_param { \(settings) \(draft.engine) }", [x])
    },
    RandomLayer("MVN") { draft in
      guard let x = draft.pick({ $0.shape.rank == 4 && $0.shape.count(2...) > 5 }) else { return nil }
      // Flat images would be divided by ε alone; but the gradient, as the original computes it, takes ε for little beside the deviation.
      let settings = draft.choose(["", "normalize_variance: false", "across_channels: true"])
      return .init("mvn_param { eps: 0.0001 \(settings) }", [x])
    },
    RandomLayer("Softmax", weight: 2) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      return .init("softmax_param { axis: \(draft.axis(of: x)) \(draft.engine) }", [x], tops: [.nonNegative])
    },
  ]
}

extension RandomNetDraft {
  /// Where a learned blob is spread over some axes.
  mutating func spread(over x: Entry) -> String {
    guard x.shape.rank > 1 else { return "axis: 0" }
    let axis = axis(of: x)
    let first = axis < 0 ? axis + x.shape.rank : axis
    return chance(0.5) ? "" : "axis: \(axis) num_axes: \(choose([-1, 0, 1 + random.below(x.shape.rank - first)]))"
  }

  /// A blob with some of another's axes, and the first of these.
  mutating func small(besides x: Entry) -> (Entry, axis: Int)? {
    let first = random.below(x.shape.rank + 1)
    let count = random.below(x.shape.rank - first + 1)
    let shape = Shape(x.shape.axes(first..<first + count))
    return (input(.real, shape), axis: first)
  }
}
