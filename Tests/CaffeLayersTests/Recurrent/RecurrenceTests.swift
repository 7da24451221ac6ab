import Caffe
import CaffeTesting
import Testing

/// What LSTM and RNN have in common.
@Suite struct `A recurrent layer` {
  private static let types = ["LSTM", "RNN"]

  /// The fields of a layer of 3 units.
  private func layer(_ type: String, _ parameter: String = "", tops: String = #"top: "h""#) -> String {
    """
    name: "r" type: "\(type)" \(tops)
    recurrent_param {
      num_output: 3 weight_filler { type: "uniform" min: -0.8 max: 0.8 }
      bias_filler { type: "uniform" min: -0.8 max: 0.8 } \(parameter)
    }
    """
  }

  /// Values that look random.
  private func values(_ count: Int, _ salt: Int = 0) -> [Float] {
    (0..<count).map { Float(($0 * 37 + salt * 11) % 23) / 11.5 - 1 }
  }

  /// 0 at the first of 4 steps of each stream, and at the third step of the first stream.
  private func cont(_ shape: Shape) -> TrialBottom {
    TrialBottom(shape) { count, _ in
      let streams = count / 4
      return (0..<count).map { $0 < streams || $0 == 2 * streams ? 0 : 1 }
    }
  }

  // MARK: Gradients and contract

  @Test(arguments: types) func `keeps the contract with exposed states`(type: String) throws {
    let tops = type == "LSTM" ? #"top: "h" top: "hT" top: "cT""# : #"top: "h" top: "hT""#
    let states: [TrialBottom] = type == "LSTM" ? [[1, 2, 3], [1, 2, 3]] : [[1, 2, 3]]
    var contract = try LayerContract(
      LayerDefinition(prototxt: layer(type, "expose_hidden: true", tops: tops)),
      bottoms: [[4, 2, 3], cont([4, 2])] + states)
    contract.batchBottoms = []
    try contract.check(on: .reference)
  }

  @Test(arguments: types) func `leaves parameters alone that do not learn`(type: String) throws {
    let frozen = "param { lr_mult: 0 } param { lr_mult: 1 } param { lr_mult: 0 }"
    let small = try SmallNet(["x": [2, 1, 2], "cont": [2, 1]], layer(type) + frozen + "loss_weight: 1", fields: "")
    try small.feed("x", values(4))
    try small.net.forward()
    try small.net.backward()
    let isLearned = small.net.parameters.map { $0.blob.diff.values.contains { $0 != 0 } }
    #expect(isLearned == (type == "LSTM" ? [false, true, false] : [false, true, false, true, true]))
  }

  // MARK: Parameters

  @Test(
    arguments: zip(
      types,
      [
        ["W_xc": [12, 6], "b_c": [12], "W_xc_static": [12, 4], "W_hc": [12, 3]],
        [
          "W_xh": [3, 6], "b_h": [3], "W_xh_static": [3, 4], "W_hh": [3, 3], "W_ho": [3, 3], "b_o": [3],
        ],
      ] as [KeyValuePairs<String, [Int]>]))
  func `stores and logs its parameters in order`(type: String, parameters: KeyValuePairs<String, [Int]>) throws {
    let small = try SmallNet(["x": [2, 1, 2, 3], "cont": [2, 1], "s": [1, 4]], layer(type))
    #expect(small.net.parameters.map(\.blob.shape) == parameters.map { Shape($0.value) })
    let logged = small.log.lines.filter { $0.hasPrefix("Adding parameter") }
    #expect(logged == parameters.enumerated().map { "Adding parameter \($0): \($1.key)" })
  }

  // MARK: States

  @Test(arguments: types) func `goes on where the last pass ended`(type: String) throws {
    let whole = try SmallNet(["x": [4, 2, 2], "cont": [4, 2]], layer(type))
    let half = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type))
    let x = values(16)
    let cont: [Float] = [0, 0, 1, 1, 1, 0.5, 1, 1]
    try whole.feed("x", x)
    try whole.feed("cont", cont)
    try whole.net.forward()
    var h: [Float] = []
    for part in 0..<2 {
      try half.feed("x", Array(x[8 * part..<8 * (part + 1)]))
      try half.feed("cont", Array(cont[4 * part..<4 * (part + 1)]))
      try half.net.forward()
      h += try half.values("h")
    }
    #expect(areClose(h, try whole.values("h")))
  }

  @Test(arguments: types) func `goes on, whatever an in-place layer does to its top`(type: String) throws {
    let plain = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type))
    let changed = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type))
    for pass in 0..<2 {
      for small in [plain, changed] {
        try small.feed("x", values(8, pass))
        try small.feed("cont", [1, 1, 1, 1])
        try small.net.forward()
      }
      if pass == 1 { #expect(try plain.values("h") == changed.values("h")) }
      try changed.feed("h", values(12))
      for small in [plain, changed] {
        small.net.clearParameterDiffs()
        try small.setDiffs("h", values(12, 5))
        try small.net.backward()
      }
      #expect(try plain.diffs("x") == changed.diffs("x"))
    }
  }

  @Test(arguments: types) func `starts anew where cont is 0`(type: String) throws {
    let small = try SmallNet(["x": [1, 1, 2], "cont": [1, 1]], layer(type))
    var tops: [[Float]] = []
    for cont in [0, 1, 0] as [Float] {
      try small.feed("x", [0.3, -0.7])
      try small.feed("cont", [cont])
      try small.net.forward()
      tops.append(try small.values("h"))
    }
    #expect(tops[0] == tops[2])
    #expect(tops[0] != tops[1])
  }

  @Test(arguments: types) func `takes and gives exposed states`(type: String) throws {
    let isLSTM = type == "LSTM"
    let plain = try SmallNet(["x": [4, 2, 2], "cont": [4, 2]], layer(type))
    let tops = isLSTM ? #"top: "h" top: "hT" top: "cT""# : #"top: "h" top: "hT""#
    let text = layer(type, "expose_hidden: true", tops: tops)
    let exposed =
      isLSTM
      ? try SmallNet(["x": [2, 2, 2], "cont": [2, 2], "h0": [1, 2, 3], "c0": [1, 2, 3]], text)
      : try SmallNet(["x": [2, 2, 2], "cont": [2, 2], "h0": [1, 2, 3]], text)
    exposed.copyParameters(from: plain)
    let x = values(16)
    try plain.feed("x", x)
    try plain.feed("cont", Array(repeating: 1, count: 8))
    try plain.net.forward()
    var h: [Float] = []
    for part in 0..<2 {
      try exposed.feed("x", Array(x[8 * part..<8 * (part + 1)]))
      try exposed.feed("cont", Array(repeating: 1, count: 4))
      try exposed.net.forward()
      h += try exposed.values("h")
      try exposed.feed("h0", exposed.values("hT"))
      if isLSTM { try exposed.feed("c0", exposed.values("cT")) }
    }
    #expect(areClose(h, try plain.values("h")))
  }

  @Test(arguments: types) func `gives initial states no gradient and takes none from final states`(type: String) throws
  {
    let isLSTM = type == "LSTM"
    let tops = isLSTM ? #"top: "h" top: "hT" top: "cT""# : #"top: "h" top: "hT""#
    let text = layer(type, "expose_hidden: true", tops: tops)
    let small =
      isLSTM
      ? try SmallNet(["x": [2, 1, 2], "cont": [2, 1], "h0": [1, 1, 3], "c0": [1, 1, 3]], text)
      : try SmallNet(["x": [2, 1, 2], "cont": [2, 1], "h0": [1, 1, 3]], text)
    try small.feed("x", values(4))
    try small.feed("cont", [1, 1])
    try small.feed("h0", [1, 2, 3])
    try small.setDiffs("h0", [7, 7, 7])
    try small.net.forward()
    var diffs: [[Float]] = []
    for final in [0, 5] as [Float] {
      try small.setDiffs("h", values(6))
      try small.setDiffs("hT", [final, final, final])
      if isLSTM { try small.setDiffs("cT", [final, final, final]) }
      try small.net.backward()
      diffs.append(try small.diffs("x"))
    }
    #expect(diffs[0] == diffs[1])
    #expect(try small.diffs("h0") == [0, 0, 0])
  }

  // MARK: Shapes

  @Test(arguments: types, EngineChoice.allCases)
  func `may change its number of streams`(type: String, engine: EngineChoice) throws {
    let used = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type), engine: engine)
    for streams in [3, 1, 2] {
      let fresh = try SmallNet(["x": [2, streams, 2], "cont": [2, streams]], layer(type), engine: engine)
      for small in [used, fresh] {
        try small.feed("x", values(4 * streams), shape: [2, streams, 2])
        let cont = Array(repeating: Float(0), count: streams) + Array(repeating: 1, count: streams)
        try small.feed("cont", cont, shape: [2, streams])
        try small.net.forward()
        small.net.clearParameterDiffs()
        try small.setDiffs("h", values(6 * streams, 3))
        try small.net.backward()
      }
      #expect(try used.blob("h").shape == [2, streams, 3])
      #expect(areClose(try used.values("h"), try fresh.values("h")))
      #expect(areClose(try used.diffs("x"), try fresh.diffs("x")))
      for (a, b) in zip(used.net.parameters, fresh.net.parameters) {
        #expect(areClose(Array(a.blob.diff.values), Array(b.blob.diff.values)))
      }
    }
  }

  @Test(arguments: types) func `keeps its number of timesteps`(type: String) throws {
    let small = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type))
    try small.feed("x", values(12), shape: [3, 2, 2])
    try small.feed("cont", values(6), shape: [3, 2])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("input number of timesteps changed"), "\(text)")
  }

  @Test(arguments: types) func `keeps its number of inputs`(type: String) throws {
    let small = try SmallNet(["x": [2, 2, 2], "cont": [2, 2]], layer(type))
    try small.feed("x", values(12), shape: [2, 2, 3])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("bottom[0] has 3 values for each step and stream, the weights 2"), "\(text)")
  }

  @Test(arguments: types) func `keeps its number of static inputs`(type: String) throws {
    let small = try SmallNet(["x": [2, 2, 2], "cont": [2, 2], "s": [2, 5]], layer(type))
    try small.feed("s", values(8), shape: [2, 4])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("bottom[2] has 4 values for each stream, the weights 5"), "\(text)")
  }

  // MARK: Refusals

  @Test(
    arguments: types,
    [
      (["x": [4], "cont": [4, 1]], "bottom[0] must have at least 2 axes"),
      (["x": [4, 2, 3], "cont": [4, 3]], "bottom[1], the continuation indicators"),
      (["x": [4, 2, 3], "cont": [4, 2, 1]], "bottom[1], the continuation indicators"),
      (["x": [4, 2, 3], "cont": [4, 2], "s": [3, 5]], "bottom[2], the static input, must have 2 streams"),
      (["x": [0, 2, 3], "cont": [0, 2]], "no timesteps"),
    ] as [(KeyValuePairs<String, [Int]>, String)])
  func `refuses shapes that do not fit`(type: String, mistake: (KeyValuePairs<String, [Int]>, String)) {
    let text = refusal { _ = try SmallNet(mistake.0, layer(type)) }
    #expect(text.contains(mistake.1), "\(text)")
  }

  @Test func `refuses an initial state that does not fit`() {
    let text = refusal {
      _ = try SmallNet(
        ["x": [4, 2, 3], "cont": [4, 2], "h0": [1, 2, 4]],
        layer("RNN", "expose_hidden: true", tops: #"top: "h" top: "hT""#))
    }
    #expect(text.contains("bottom[2], an initial state, must have the shape 1 × 2 × 3"), "\(text)")
  }

  @Test func `demands the states that it is to expose`() {
    let expose = "expose_hidden: true"
    let inputs: KeyValuePairs<String, [Int]> = ["x": [4, 2, 3], "cont": [4, 2], "h0": [1, 2, 3]]
    let bottoms = refusal { _ = try SmallNet(inputs, layer("LSTM", expose)) }
    #expect(bottoms.contains("LSTM Layer takes at least 4 bottom blob(s) as input."), "\(bottoms)")
    let tops = refusal { _ = try SmallNet(inputs, layer("RNN", expose)) }
    #expect(tops.contains("RNN Layer produces 2 top blob(s) as output."), "\(tops)")
  }

  @Test func `takes no states that it is not to expose`() {
    let inputs: KeyValuePairs<String, [Int]> = ["x": [4, 2, 3], "cont": [4, 2], "s": [2, 1], "h0": [1, 2, 3]]
    let bottoms = refusal { _ = try SmallNet(inputs, layer("RNN")) }
    #expect(bottoms.contains("RNN Layer takes at most 3 bottom blob(s) as input."), "\(bottoms)")
    let tops = refusal {
      _ = try SmallNet(["x": [4, 2, 3], "cont": [4, 2]], layer("RNN", tops: #"top: "h" top: "hT""#))
    }
    #expect(tops.contains("RNN Layer produces 1 top blob(s) as output."), "\(tops)")
  }

  @Test(arguments: types) func `needs num_output`(type: String) {
    let text = refusal {
      _ = try SmallNet(["x": [4, 2, 3], "cont": [4, 2]], #"name: "r" type: "\#(type)" top: "h""#)
    }
    #expect(text.contains("num_output must be positive"), "\(text)")
  }

  @Test(arguments: types) func `has no gradient for cont`(type: String) throws {
    let small = try SmallNet(
      ["x": [4, 2, 3], "cont": [4, 2]], layer(type) + "loss_weight: 1 propagate_down: true propagate_down: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("cannot backpropagate to sequence indicators"))
  }

  // MARK: debug_info

  @Test(arguments: types) func `logs each step if debug_info is set`(type: String) throws {
    for isOn in [false, true] {
      let small = try SmallNet(["x": [2, 1, 2], "cont": [2, 1], "s": [1, 1]], layer(type, "debug_info: \(isOn)"))
      let start = small.log.lines.count
      try small.net.forward()
      try small.net.backward()
      let lines = small.log.lines[start...].map { String($0.prefix { $0 != ":" }) }
      guard isOn else {
        #expect(lines.isEmpty)
        continue
      }
      let weights = type == "LSTM" ? "W_xc_x" : "W_xh_x"
      #expect(lines.first == "    [Forward] Layer r_x_transform, top blob \(weights) data")
      #expect(lines.contains("    [Forward] Layer r_gate_input_2, top blob gate_input_2 data"))
      #expect(lines.last == "    [Backward] Layer r_gate_input_1, bottom blob gate_input_1 diff")
    }
  }
}
