public import CaffeCore

/// One step of a long short-term memory, without learned weights: the nonlinear part of `LSTM`.
///
///     i = σ(a_i),   f = cont · σ(a_f),   o = σ(a_o),   g = tanh(a_g)
///     c = f · c′ + i · g
///     h = o · tanh c
///
/// | blob        | shape                                          |
/// |-------------|------------------------------------------------|
/// | `bottom[0]` | c′, the cell state before the step: 1 × N × H  |
/// | `bottom[1]` | a, the gate inputs in the order i, f, o, g: 1 × N × 4H |
/// | `bottom[2]` | cont: 1 × N; 0 where a sequence starts, else 1 |
/// | `top[0]`    | c: 1 × N × H                                   |
/// | `top[1]`    | h: 1 × N × H                                   |
///
/// For other values of cont the gradient of a_f is that of Caffe: dc · c′ · f (1 − f).
public final class LSTMUnitLayer: Layer {
  public static let type = "LSTMUnit"
  public static let bottomCount = BlobCount.exactly(3)
  public static let topCount = BlobCount.exactly(2)

  private var step = LSTMStep(streams: 0, units: 0)
  private let gates = Buffer()
  private let cellDiffs = Buffer()
  private let inputDiffs = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) {}

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index != 2 }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    guard shape.rank == 3, shape[0] == 1 else {
      throw NetError("bottom[0], the cell state, must have the shape 1 × streams × units, not \(shape)")
    }
    step = LSTMStep(streams: shape[1], units: shape[2])
    guard bottom[1].shape == [1, step.streams, 4 * step.units] else {
      throw NetError(
        "bottom[1], the gate inputs, must have 4 values for each unit: "
          + "shape 1 × \(step.streams) × \(4 * step.units), not \(bottom[1].shape)")
    }
    guard bottom[2].shape == [1, step.streams] else {
      throw NetError(
        "bottom[2], the continuation indicators, must have the shape 1 × \(step.streams), not \(bottom[2].shape)")
    }
    for top in top { top.reshape(to: shape) }
    gates.resize(to: bottom[1].count)
    inputDiffs.resize(to: bottom[1].count)
    cellDiffs.resize(to: shape.count)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    step.forward(
      bottom[1].data.values.baseAddress!, cont: bottom[2].data.values.baseAddress!,
      previousCells: bottom[0].data.values.baseAddress!, gates: gates.uninitializedValues.baseAddress!,
      cells: top[0].data.uninitializedValues.baseAddress!, hidden: top[1].data.uninitializedValues.baseAddress!)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[2] else { throw NetError("LSTMUnit Layer cannot backpropagate to continuation indicators.") }
    guard propagate[0] || propagate[1] else { return }
    let cellDiffs = propagate[0] ? bottom[0].diff : cellDiffs
    let inputDiffs = propagate[1] ? bottom[1].diff : inputDiffs
    cellDiffs.copy(from: top[0].diff)
    step.backward(
      hiddenDiffs: top[1].diff.values.baseAddress!, cellDiffs: cellDiffs.mutableValues.baseAddress!,
      gates: gates.values.baseAddress!, previousCells: bottom[0].data.values.baseAddress!,
      cells: top[0].data.values.baseAddress!, into: inputDiffs.uninitializedValues.baseAddress!)
  }
}
