internal import RealModule

/// One step of a long short-term memory with forget gates, for several streams side by side.
///
///     i = σ(a_i),   f = cont · σ(a_f),   o = σ(a_o),   g = tanh(a_g)
///     c = f · c′ + i · g
///     h = o · tanh c
///
/// c′ is the cell state before the step. Rows of gates hold `units` values of i, then of f, o and g.
///
/// | tensor     | shape              |
/// |------------|--------------------|
/// | cont       | streams            |
/// | c′, c, h   | streams × units    |
/// | a, gates   | streams × 4 units  |
struct LSTMStep {
  var streams: Int
  var units: Int

  /// `gates` receives i, f, o, g; it may be the same memory as `inputs`.
  func forward(
    _ inputs: UnsafePointer<Float>, cont: UnsafePointer<Float>, previousCells: UnsafePointer<Float>,
    gates: UnsafeMutablePointer<Float>, cells: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>
  ) {
    for stream in 0..<streams {
      let a = inputs + stream * 4 * units
      let gate = gates + stream * 4 * units
      for unit in 0..<units {
        let i = logistic(a[unit])
        let f = cont[stream] == 0 ? 0 : cont[stream] * logistic(a[units + unit])
        let o = logistic(a[2 * units + unit])
        let g = Float.tanh(a[3 * units + unit])
        let place = stream * units + unit
        let c = f * previousCells[place] + i * g
        (gate[unit], gate[units + unit], gate[2 * units + unit], gate[3 * units + unit]) = (i, f, o, g)
        cells[place] = c
        hidden[place] = o * .tanh(c)
      }
    }
  }

  /// Computes the gradient of a. `cellDiffs` holds that of c before and that of c′ after the call.
  ///
  /// The gradient of a_f is exact where cont is 0 or 1: with other values f (1 − f) stands for f (1 − f / cont), as Caffe
  /// has it.
  func backward(
    hiddenDiffs: UnsafePointer<Float>, cellDiffs: UnsafeMutablePointer<Float>, gates: UnsafePointer<Float>,
    previousCells: UnsafePointer<Float>, cells: UnsafePointer<Float>, into inputDiffs: UnsafeMutablePointer<Float>
  ) {
    for stream in 0..<streams {
      let gate = gates + stream * 4 * units
      let da = inputDiffs + stream * 4 * units
      for unit in 0..<units {
        let (i, f) = (gate[unit], gate[units + unit])
        let (o, g) = (gate[2 * units + unit], gate[3 * units + unit])
        let place = stream * units + unit
        let dh = hiddenDiffs[place]
        let t = Float.tanh(cells[place])
        let dc = cellDiffs[place] + dh * o * (1 - t * t)
        da[unit] = dc * g * i * (1 - i)
        da[units + unit] = dc * previousCells[place] * f * (1 - f)
        da[2 * units + unit] = dh * t * o * (1 - o)
        da[3 * units + unit] = dc * i * (1 - g * g)
        cellDiffs[place] = dc * f
      }
    }
  }
}
