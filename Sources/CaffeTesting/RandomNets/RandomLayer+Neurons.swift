import CaffeCore

extension RandomLayer {
  static let neurons: [RandomLayer] = [
    neuron("ReLU", "relu_param", ["", "", "negative_slope: 0.1", "negative_slope: -0.5", "engine: CAFFE"], weight: 6),
    neuron("Sigmoid", "sigmoid_param", ["", "engine: CAFFE"], .nonNegative, weight: 2),
    neuron("TanH", "tanh_param", ["", "engine: CAFFE"], weight: 2),
    neuron("ELU", "elu_param", ["", "alpha: 0.3", "alpha: -0.4"]), neuron("AbsVal", nil, [""], .nonNegative),
    neuron("BNLL", nil, [""], .nonNegative), neuron("Clip", "clip_param", ["min: -1 max: 1.5"]),
    neuron("Swish", "swish_param", ["", "beta: 0.5"]),
    neuron("Exp", "exp_param", ["scale: 0.3", "base: 2 scale: 0.4 shift: -0.5"], .nonNegative),
    neuron("Dropout", "dropout_param", ["", "dropout_ratio: 0.2", "dropout_ratio: 0"], weight: 2),
    RandomLayer("Power") { draft in
      guard let x = draft.pick() else { return nil }
      let kind = draft.choose([
        "scale: 0.5 shift: 1", "power: 2 scale: 0.7", "power: 2 shift: -0.3", "scale: 0 shift: 2", "power: 0",
      ])
      // In place with power 1 the original's gradient is kept, which is wrong.
      return .init("power_param { \(kind) }", [x], worksInPlace: kind.contains("power"))
    },
    RandomLayer("Power") { draft in
      guard let x = draft.pick({ $0.isNonNegative }) else { return nil }
      return .init(
        "power_param { power: \(draft.choose([0.5, 1.5, 3, -1])) shift: 0.5 scale: 0.6 }", [x], tops: [.nonNegative])
    },
    RandomLayer("Log") { draft in
      guard let x = draft.pick({ $0.isNonNegative }) else { return nil }
      return .init("log_param { \(draft.choose(["shift: 1", "base: 2 shift: 0.7 scale: 2"])) }", [x])
    },
    RandomLayer("PReLU", weight: 2) { draft in
      guard let x = draft.pick({ 2...4 ~= $0.shape.rank }) else { return nil }
      return .init(
        "prelu_param { \(draft.choose(["", "channel_shared: true", "filler { type: 'gaussian' }"])) }", [x],
        parameters: 1)
    },
    RandomLayer("Threshold") { draft in
      guard let x = draft.pick() else { return nil }
      return .init("threshold_param { threshold: 0.2 }", [x], tops: [.marks], worksInPlace: false, stopsGradients: true)
    },
  ]

  private static func neuron(
    _ type: String, _ parameter: String?, _ settings: [String], _ top: Top = .real, weight: Int = 1
  ) -> RandomLayer {
    RandomLayer(type, weight: weight) { draft in
      guard let x = draft.pick() else { return nil }
      return .init(parameter.map { "\($0) { \(draft.choose(settings)) }" } ?? "", [x], tops: [top])
    }
  }
}
