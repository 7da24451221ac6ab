public import CaffeCore
public import CaffeProto

/// A long short-term memory with forget gates, without peepholes (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).
///
///     a_t = W_xc · x_t + b_c + W_xc_static · x_static + W_hc · (cont_t · h_{t−1})
///     i, f, o = σ(a_i), cont_t · σ(a_f), σ(a_o),   g = tanh(a_g)
///     c_t = f · c_{t−1} + i · g
///     h_t = o · tanh c_t
///
/// Each of N streams is a row of sequences: cont is 0 at the first step of a sequence, which thus starts from nothing, and
/// 1 at the others. The last state of a forward pass is the first of the next one, so that sequences may be longer than T;
/// gradients end at the borders of batches.
///
/// | blob              | shape                                                                               |
/// |-------------------|-------------------------------------------------------------------------------------|
/// | `bottom[0]`       | x: T × N × …, D values for each step and stream; T is fixed at set-up               |
/// | `bottom[1]`       | cont: T × N; it has no gradient                                                     |
/// | `bottom[2]`       | x_static, optional: N × …, S values, the same at all steps                          |
/// | last two bottoms  | with `expose_hidden` h_0 and c_0: 1 × N × H; their gradient is 0                    |
/// | `top[0]`          | h: T × N × H                                                                        |
/// | `top[1]`, `top[2]` | with `expose_hidden` h_T and c_T: 1 × N × H; their gradient is ignored              |
/// | `parameters`      | W_xc: 4H × D, b_c: 4H, with x_static W_xc_static: 4H × S, W_hc: 4H × H; rows i, f, o, g |
///
/// | parameter                      | default    |
/// |--------------------------------|------------|
/// | `num_output`                   | H, required |
/// | `weight_filler`, `bias_filler` | constant 0 |
/// | `expose_hidden`                | false      |
/// | `debug_info`                   | false; true logs the mean magnitude of each step's values |
public final class LSTMLayer: CarryingLayer {
  public static let type = "LSTM"
  public static let bottomCount = BlobCount.between(2, 5)
  public static let topCount = BlobCount.between(1, 3)

  private let recurrence: Recurrence
  /// c_0 to c_T: (T + 1) × N × H.
  private let cells = Buffer()
  /// The gradient of one step's cells: N × H.
  private let cellDiffs = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    recurrence = Recurrence(definition, in: context, gates: 4, states: 2)
  }

  public var parameters: [Blob] { recurrence.parameters }
  public var carried: [Buffer] { recurrence.states }

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index != 1 }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    try recurrence.setUp(bottom, top, input: "W_xc", bias: "b_c", constant: "W_xc_static", hidden: "W_hc")
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    try recurrence.reshape(bottom, top)
    cells.resize(to: (recurrence.steps + 1) * recurrence.stateSize)
    cellDiffs.resize(to: recurrence.stateSize)
  }

  private var unit: LSTMStep { LSTMStep(streams: recurrence.streams, units: recurrence.units) }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let size = recurrence.stateSize
    let cont = bottom[1].data.values.baseAddress!
    let h = top[0].data.uninitializedValues.baseAddress!
    let c = cells.uninitializedValues.baseAddress!
    c.update(from: recurrence.initialState(1, bottom), count: size)
    var previous = recurrence.initialState(0, bottom)
    recurrence.begin(bottom)
    for t in 0..<recurrence.steps {
      let gates = recurrence.enter(t, cont: cont, hidden: previous)
      unit.forward(
        gates, cont: cont + t * recurrence.streams, previousCells: c + t * size, gates: gates,
        cells: c + (t + 1) * size,
        hidden: h + t * size)
      previous = UnsafePointer(h + t * size)
      log(t, "c", c + (t + 1) * size)
      log(t, "h", previous)
    }
    recurrence.finish(0, previous, top)
    recurrence.finish(1, c + recurrence.steps * size, top)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[1] else { throw NetError("LSTM Layer cannot backpropagate to sequence indicators.") }
    let size = recurrence.stateSize
    let cont = bottom[1].data.values.baseAddress!
    let dh = top[0].diff.values.baseAddress!
    let c = cells.values.baseAddress!
    cellDiffs.setZero()
    recurrence.beginBackward()
    for t in (0..<recurrence.steps).reversed() {
      unit.backward(
        hiddenDiffs: recurrence.hiddenDiffs(t, dh), cellDiffs: cellDiffs.mutableValues.baseAddress!,
        gates: recurrence.gates.values.baseAddress! + t * 4 * size, previousCells: c + t * size,
        cells: c + (t + 1) * size, into: recurrence.gateDiffs(t))
      recurrence.leave(t, cont: cont)
    }
    recurrence.finishBackward(bottom, propagate: propagate)
  }

  private func log(_ step: Int, _ name: String, _ values: UnsafePointer<Float>) {
    recurrence.debug(
      "[Forward]", "unit_\(step + 1)", "top blob \(name)_\(step + 1)", "data",
      UnsafeBufferPointer(start: values, count: recurrence.stateSize))
  }
}
