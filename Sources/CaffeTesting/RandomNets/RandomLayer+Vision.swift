import CaffeCore

extension RandomLayer {
  static let vision: [RandomLayer] = [
    RandomLayer("Convolution", weight: 12) { draft in
      guard let x = draft.pick({ 3...5 ~= $0.shape.rank }) else { return nil }
      let channels = x.shape[1]
      let axes = x.shape.rank - 2
      var settings: String
      if draft.chance(0.15) {
        // Depthwise.
        settings = "num_output: \(channels) group: \(channels)"
      } else {
        let group = draft.chance(0.25) ? draft.choose((1...channels).filter { channels % $0 == 0 }) : 1
        settings = "num_output: \(group * draft.choose([1, 2, 3, 5, 8, 16, 16, 32]) ) group: \(group)"
      }
      let kernel = draft.window(axes)
      settings += " \(kernel) \(draft.chance(0.25) ? "bias_term: false" : "") \(draft.engine)"
      let sameShape = draft.entries.filter { $0.isReal && $0.shape == x.shape && $0.name != x.name }
      let second = draft.chance(0.1) ? sameShape.first : nil
      return .init(
        "convolution_param { \(settings) \(draft.fillers(channels * 3)) }", [x] + (second.map { [$0] } ?? []),
        tops: second == nil ? [.real] : [.real, .real], parameters: settings.contains("bias_term") ? 1 : 2)
    },
    RandomLayer("Deconvolution", weight: 3) { draft in
      guard let x = draft.pick({ 3...4 ~= $0.shape.rank }) else { return nil }
      let channels = x.shape[1]
      let group = draft.chance(0.4) ? draft.choose((1...channels).filter { channels % $0 == 0 }) : 1
      let hasBias = draft.chance(0.7)
      return .init(
        """
        convolution_param { num_output: \(group * draft.choose([1, 2, 3, 16])) group: \(group) \
        \(draft.window(x.shape.rank - 2)) bias_term: \(hasBias) \(draft.fillers(channels * 2)) }
        """, [x], parameters: hasBias ? 2 : 1)
    },
    RandomLayer("Pooling", weight: 6) { draft in
      guard let x = draft.pick({ $0.shape.rank == 4 }) else { return nil }
      let pool = draft.choose(["MAX", "AVE"])
      let size = draft.choose([
        "kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2", "kernel_size: 3 stride: 1 pad: 1", "kernel_size: 2",
        "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1", "kernel_size: 3 stride: 2 pad: 1", "global_pooling: true",
        "kernel_size: 3 stride: 3 pad_h: 1 pad_w: 0", "kernel_size: 1 stride: 2",
      ])
      let hasMask = pool == "MAX" && draft.chance(0.15)
      return .init(
        "pooling_param { pool: \(pool) \(size) \(draft.choose(["", "round_mode: FLOOR"])) \(draft.engine) }", [x],
        tops: hasMask ? [.real, .marks] : [.real])
    },
    RandomLayer("SPP") { draft in
      guard let x = draft.pick({ $0.shape.rank == 4 }) else { return nil }
      return .init(
        "spp_param { pyramid_height: \(draft.choose([1, 2, 3])) pool: \(draft.choose(["MAX", "AVE"])) }", [x])
    },
    RandomLayer("Im2col") { draft in
      guard let x = draft.pick({ 3...4 ~= $0.shape.rank }) else { return nil }
      return .init("convolution_param { \(draft.window(x.shape.rank - 2)) }", [x])
    },
    RandomLayer("Crop") { draft in
      guard let x = draft.pick({ $0.shape.rank > 1 && $0.shape.count > 1 }) else { return nil }
      let axis = draft.axis(of: x)
      let first = axis < 0 ? axis + x.shape.rank : axis
      let size = x.shape.dimensions.enumerated().map { $0 < first ? $1 : 1 + draft.random.below(max(1, $1)) }
      let offsets = zip(x.shape.dimensions, size).dropFirst(first).map {
        "offset: \(draft.random.below($0 - min($0, $1) + 1))"
      }
      return .init(
        "crop_param { axis: \(axis) \(draft.chance(0.3) ? "" : offsets.joined(separator: " ")) } propagate_down: true propagate_down: false",
        [x, draft.input(.share, .init(size))])
    },
  ]
}

extension RandomNetDraft {
  /// Kernel, stride, padding and dilation along some axes.
  mutating func window(_ axes: Int) -> String {
    if axes == 2, chance(0.3) {
      return """
        kernel_h: \(choose([1, 2, 3])) kernel_w: \(choose([1, 3, 5])) pad_h: \(choose([0, 1])) pad_w: \(choose([0, 0, 2])) \
        stride_h: \(choose([1, 1, 2])) stride_w: \(choose([1, 2, 3]))
        """
    }
    if axes > 1, chance(0.2) {
      func each(_ name: String, _ value: (inout Self) -> Int) -> String {
        (0..<axes).map { _ in "\(name): \(value(&self))" }.joined(separator: " ")
      }
      return each("kernel_size") { $0.choose([1, 2, 3]) } + " " + each("stride") { $0.choose([1, 1, 2]) } + " "
        + each("pad") { $0.choose([0, 1]) } + " " + each("dilation") { $0.choose([1, 1, 2]) }
    }
    let kernel = choose([1, 1, 2, 3, 3, 3, 4, 5])
    return """
      kernel_size: \(kernel) stride: \(choose([1, 1, 1, 2, 3])) pad: \(choose([0, 0, 1, kernel / 2])) \
      dilation: \(choose([1, 1, 1, 1, 2]))
      """
  }

  /// The engine field, which must make no difference.
  var engine: String { mutating get { chance(0.1) ? "engine: \(choose(["CAFFE", "CUDNN"]))" : "" } }
}
