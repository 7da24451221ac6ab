import CaffeCore

extension RandomLayer {
  static let losses: [RandomLayer] = [
    RandomLayer("SoftmaxWithLoss", weight: 3) { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 && $0.shape[1] > 0 }) else { return nil }
      let hasProbabilities = draft.chance(0.2)
      return .init(
        "loss_param { \(draft.lossSettings) }", [x, draft.labels(of: x)],
        tops: hasProbabilities ? [.real, .marks] : [.real])
    },
    RandomLayer("EuclideanLoss") { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let alike = draft.entries.filter { $0.isReal && $0.shape == x.shape && $0.name != x.name }
      return .init("", [x, alike.isEmpty ? draft.input(.real, x.shape) : draft.choose(alike)])
    },
    RandomLayer("SigmoidCrossEntropyLoss", weight: 2) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let target = draft.chance(0.5) ? draft.input(.share, x.shape) : draft.input(.binary, x.shape)
      return .init("loss_param { \(draft.lossSettings) }", [x, target])
    },
    RandomLayer("HingeLoss") { draft in
      guard let x = draft.pick({ $0.shape.rank == 2 && $0.shape[1] > 0 }) else { return nil }
      return .init(
        "hinge_loss_param { norm: \(draft.choose(["L1", "L2"])) }", [x, draft.input(.labels(x.shape[1]), [x.shape[0]])])
    },
    RandomLayer("MultinomialLogisticLoss") { draft in
      let x = draft.input(.share, [3, 4])
      return .init("", [x, draft.input(.labels(4), [3])])
    },
    RandomLayer("InfogainLoss") { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 && 1...20 ~= $0.shape[1] }) else { return nil }
      let matrix = draft.input(.share, [1, 1, x.shape[1], x.shape[1]])
      return .init(
        "loss_param { \(draft.choose(["", "ignore_label: 0", "normalization: FULL"])) }",
        [x, draft.labels(of: x), matrix])
    },
    RandomLayer("ContrastiveLoss") { draft in
      guard let x = draft.pick({ $0.shape.rank == 2 && $0.shape[0] > 0 }) else { return nil }
      let alike = draft.entries.filter { $0.isReal && $0.shape == x.shape && $0.name != x.name }
      let other = alike.isEmpty ? draft.input(.real, x.shape) : draft.choose(alike)
      return .init(
        "contrastive_loss_param { margin: \(draft.choose([1, 3])) legacy_version: \(draft.chance(0.3)) }",
        [x, other, draft.input(.binary, [x.shape[0]])])
    },
    RandomLayer("Accuracy") { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 && $0.shape[1] > 1 }) else { return nil }
      return .init(
        "accuracy_param { \(draft.choose(["", "top_k: 2", "ignore_label: 0"])) }", [x, draft.labels(of: x)],
        tops: [.marks],
        stopsGradients: true)
    },
  ]
}

extension RandomNetDraft {
  /// A label for each position of a blob of classes along axis 1.
  mutating func labels(of x: Entry) -> Entry {
    input(.labels(x.shape[1]), .init(x.shape.axes(..<1) + x.shape.axes(2...)))
  }

  var lossSettings: String {
    mutating get {
      choose([
        "", "", "ignore_label: 0", "normalization: FULL", "normalization: BATCH_SIZE", "normalization: NONE",
        "normalize: false",
      ])
    }
  }
}
