public import CaffeCore
public import CaffeProto
internal import RealModule

/// A plain recurrent network with one hidden layer (Elman, 1990).
///
///     h_t = tanh(W_xh · x_t + b_h + W_xh_static · x_static + W_hh · (cont_t · h_{t−1}))
///     o_t = tanh(W_ho · h_t + b_o)
///
/// Each of N streams is a row of sequences: cont is 0 at the first step of a sequence, which thus starts from nothing, and
/// 1 at the others. The last state of a forward pass is the first of the next one, so that sequences may be longer than T;
/// gradients end at the borders of batches.
///
/// | blob         | shape                                                                                     |
/// |--------------|-------------------------------------------------------------------------------------------|
/// | `bottom[0]`  | x: T × N × …, D values for each step and stream; T is fixed at set-up                     |
/// | `bottom[1]`  | cont: T × N; it has no gradient                                                           |
/// | `bottom[2]`  | x_static, optional: N × …, S values, the same at all steps                                |
/// | last bottom  | with `expose_hidden` h_0: 1 × N × H; its gradient is 0                                    |
/// | `top[0]`     | o: T × N × H                                                                              |
/// | `top[1]`     | with `expose_hidden` h_T: 1 × N × H; its gradient is ignored                              |
/// | `parameters` | W_xh: H × D, b_h: H, with x_static W_xh_static: H × S, W_hh: H × H, W_ho: H × H, b_o: H   |
///
/// | parameter                      | default    |
/// |--------------------------------|------------|
/// | `num_output`                   | H, required |
/// | `weight_filler`, `bias_filler` | constant 0 |
/// | `expose_hidden`                | false      |
/// | `debug_info`                   | false; true logs the mean magnitude of each step's values |
public final class RNNLayer: CarryingLayer {
  public static let type = "RNN"
  public static let bottomCount = BlobCount.between(2, 4)
  public static let topCount = BlobCount.between(1, 2)

  private let recurrence: Recurrence
  private var output: LearnedProduct?
  /// o, and the gradients of W_ho · h + b_o and of h: T·N × H.
  private let outputs = Buffer()
  private let outputDiffs = Buffer()
  private let hiddenDiffs = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    recurrence = Recurrence(definition, in: context, gates: 1, states: 1)
  }

  public var parameters: [Blob] { recurrence.parameters }
  public var carried: [Buffer] { recurrence.states }

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index != 1 }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    try recurrence.setUp(bottom, top, input: "W_xh", bias: "b_h", constant: "W_xh_static", hidden: "W_hh")
    output = try recurrence.makeProduct("W_ho", bias: "b_o", inputs: recurrence.units, outputs: recurrence.units)
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try recurrence.reshape(bottom, top)
    output?.reshape(rows: recurrence.steps * recurrence.streams)
    for buffer in [outputs, outputDiffs, hiddenDiffs] { buffer.resize(to: top[0].count) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let cont = bottom[1].data.values.baseAddress!
    var previous = recurrence.initialState(0, bottom)
    recurrence.begin(bottom)
    for t in 0..<recurrence.steps {
      let h = UnsafeMutableBufferPointer(
        start: recurrence.enter(t, cont: cont, hidden: previous), count: recurrence.stateSize)
      for i in 0..<h.count { h[i] = .tanh(h[i]) }
      previous = UnsafePointer(h.baseAddress!)
      recurrence.debug(
        "[Forward]", "h_neuron_\(t + 1)", "top blob h_\(t + 1)", "data", UnsafeBufferPointer(h))
    }
    recurrence.finish(0, previous, top)
    output?.forward(recurrence.gates, into: outputs)
    let o = outputs.mutableValues
    for i in 0..<o.count { o[i] = .tanh(o[i]) }
    // A copy: an in-place layer may overwrite the top, and backward needs o.
    top[0].data.copy(from: outputs)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("RNN Layer cannot backpropagate to sequence indicators.") }
    differentiateTanh(top[0].diff, at: outputs, into: outputDiffs)
    output?.learn(recurrence.gates, outputDiffs, propagate: propagate)
    output?.backward(outputDiffs, into: hiddenDiffs)

    let size = recurrence.stateSize
    let cont = bottom[1].data.values.baseAddress!
    let h = recurrence.gates.values.baseAddress!
    let diffs = hiddenDiffs.values.baseAddress!
    recurrence.beginBackward()
    for t in (0..<recurrence.steps).reversed() {
      let dh = recurrence.hiddenDiffs(t, diffs)
      let da = recurrence.gateDiffs(t)
      for i in 0..<size { da[i] = dh[i] * (1 - h[t * size + i] * h[t * size + i]) }
      recurrence.leave(t, cont: cont)
    }
    recurrence.finishBackward(bottom, propagate: propagate)
  }

  /// dx = dy · (1 − y²)
  private func differentiateTanh(_ dy: Buffer, at y: Buffer, into dx: Buffer) {
    let (dy, y, dx) = (dy.values, y.values, dx.uninitializedValues)
    for i in 0..<dx.count { dx[i] = dy[i] * (1 - y[i] * y[i]) }
  }
}
