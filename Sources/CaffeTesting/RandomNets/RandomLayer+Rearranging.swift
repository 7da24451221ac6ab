import CaffeCore

extension RandomLayer {
  static let rearranging: [RandomLayer] = [
    RandomLayer("Eltwise", weight: 5) { draft in
      guard let x = draft.pick() else { return nil }
      let alike = draft.entries.filter { $0.isReal && $0.shape == x.shape }
      let bottoms = [x] + (0..<draft.choose([1, 1, 2])).map { _ in draft.choose(alike) }
      let operation = draft.choose(["SUM", "SUM", "PROD", "MAX"])
      var settings = "operation: \(operation)"
      if operation == "SUM", draft.chance(0.4) {
        settings += bottoms.map { _ in " coeff: \(draft.choose([1, -1, 0.5]))" }.joined()
      }
      return .init("eltwise_param { \(settings) }", bottoms)
    },
    RandomLayer("Concat", weight: 4) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let axis = draft.chance(0.6) && x.shape.rank > 1 ? 1 : draft.axis(of: x)
      let index = axis < 0 ? axis + x.shape.rank : axis
      let fitting = draft.entries.filter { entry in
        entry.isReal && entry.shape.rank == x.shape.rank
          && x.shape.dimensions.indices.allSatisfy { $0 == index || entry.shape[$0] == x.shape[$0] }
      }
      let bottoms = [x] + (0..<draft.choose([0, 1, 1, 2])).map { _ in draft.choose(fitting) }
      return .init("concat_param { axis: \(axis) }", bottoms)
    },
    RandomLayer("Slice", weight: 3) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let axis = draft.chance(0.6) && x.shape.rank > 1 ? 1 : draft.axis(of: x)
      let extent = x.shape[axis < 0 ? axis + x.shape.rank : axis]
      guard extent > 1 else { return nil }
      let point = 1 + draft.random.below(extent - 1)
      return .init("slice_param { axis: \(axis) slice_point: \(point) }", [x], tops: [.real, .real])
    },
    RandomLayer("Split") { draft in
      guard let x = draft.pick() else { return nil }
      return .init("", [x], tops: draft.choose([[.real], [.real, .real], [.real, .real, .real]]))
    },
    RandomLayer("Reshape", weight: 2) { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      let settings = draft.choose([
        "shape { dim: 0 dim: -1 }", "shape { dim: -1 }", "shape { dim: 0 dim: 1 dim: -1 }",
        "shape { dim: 1 } axis: 1 num_axes: 0",
        "shape { dim: 0 dim: -1 dim: 1 dim: 2 }",
      ])
      return .init("reshape_param { \(settings) }", [x])
    },
    RandomLayer("Flatten") { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 }) else { return nil }
      let first = draft.random.below(x.shape.rank - 1)
      return .init("flatten_param { axis: \(first) end_axis: \(draft.choose([-1, first + 1])) }", [x])
    },
    RandomLayer("Tile") { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 }) else { return nil }
      return .init("tile_param { axis: \(draft.axis(of: x)) tiles: \(draft.choose([1, 2, 3])) }", [x])
    },
    RandomLayer("Reduction", weight: 2) { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 }) else { return nil }
      let operation = draft.choose(["SUM", "ASUM", "SUMSQ", "MEAN"])
      return .init(
        "reduction_param { operation: \(operation) axis: \(draft.axis(of: x, from: 1)) coeff: \(draft.choose([1, 0.2, -0.5])) }",
        [x])
    },
    RandomLayer("BatchReindex") { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 && $0.shape[0] > 0 }) else { return nil }
      return .init(
        "propagate_down: true propagate_down: false", [x, draft.input(.labels(x.shape[0]), [draft.choose([1, 2, 4])])])
    },
    RandomLayer("Filter") { draft in
      guard let x = draft.pick({ $0.shape.rank > 0 && $0.shape[0] > 0 }) else { return nil }
      return .init("propagate_down: true propagate_down: false", [x, draft.input(.binary, [x.shape[0]])])
    },
    RandomLayer("ArgMax") { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 }) else { return nil }
      return .init(
        "argmax_param { \(draft.choose(["", "top_k: 2", "out_max_val: true", "axis: 1"])) }", [x], tops: [.marks],
        stopsGradients: true)
    },
    RandomLayer("DummyData") { draft in
      .init(
        "dummy_data_param { shape { dim: 2 dim: \(draft.choose([1, 3, 16])) } data_filler { type: 'constant' value: 0.5 } }",
        [])
    },
  ]

  static let recurrent: [RandomLayer] =
    ["LSTM", "RNN"].map { type in
      RandomLayer(type) { draft in
        guard let x = draft.pick({ 2...4 ~= $0.shape.rank && $0.shape[0] > 0 && $0.shape.count(2...) < 100 }) else {
          return nil
        }
        let cont = draft.input(.binary, [x.shape[0], x.shape[1]])
        let constant = draft.chance(0.3) ? [draft.input(.real, [x.shape[1], 3])] : []
        return .init(
          "recurrent_param { num_output: \(draft.choose([1, 3, 8])) \(draft.fillers(x.shape.count(2...))) }",
          [x, cont] + constant,
          parameters: 3)
      }
    } + [
      RandomLayer("LSTMUnit") { draft in
        let (streams, units) = (draft.choose([1, 3]), draft.choose([1, 4]))
        return .init(
          "propagate_down: true propagate_down: true propagate_down: false",
          [
            draft.input(.real, [1, streams, units]), draft.input(.real, [1, streams, 4 * units]),
            draft.input(.binary, [1, streams]),
          ], tops: [.real, .real])
      }
    ]
}
