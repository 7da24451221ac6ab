internal import CaffeProto

/// The best of a series of values so far, and how long there has been none better.
struct Watch {
  let largerIsBetter: Bool
  /// The smallest change that counts as better (`monitor_min_delta`).
  let minDelta: Float

  /// The best value so far, and the iteration that it is from.
  private(set) var best: Float?
  private(set) var bestIteration = 0
  /// Iterations or tests since then, or since the rate last fell: the owner counts.
  var waited = 0

  init(largerIsBetter: Bool = false, minDelta: Float = 0) {
    self.largerIsBetter = largerIsBetter
    self.minDelta = minDelta
  }

  /// Takes note of a value. The first one is better than none, NaN never is.
  ///
  /// - Returns: whether it is the best so far.
  mutating func see(_ value: Float, at iteration: Int) -> Bool {
    guard isBetter(value) else { return false }
    best = value
    bestIteration = iteration
    waited = 0
    return true
  }

  private func isBetter(_ value: Float) -> Bool {
    guard let best else { return !value.isNaN }
    let gain = largerIsBetter ? value - best : best - value
    return gain > 0 && gain >= minDelta
  }
}

extension Watch {
  /// What a snapshot keeps of it. `step` says how often the rate fell.
  func state(step: Int = 0) -> MonitorState {
    var state = MonitorState()
    if let best {
      state.best = best
      state.bestIter = Int32(clamping: bestIteration)
    }
    state.waited = Int32(clamping: waited)
    state.step = Int32(clamping: step)
    return state
  }

  /// The watch as it was when the snapshot was made; as new without one.
  ///
  /// - Throws: `SolverError` for counts that cannot be.
  func restored(from state: MonitorState) throws(SolverError) -> Watch {
    guard state.bestIter >= 0, state.waited >= 0, state.step >= 0 else {
      throw SolverError("the snapshot is damaged: what it says of the best value so far has negative counts")
    }
    var watch = Watch(largerIsBetter: largerIsBetter, minDelta: minDelta)
    watch.best = state.hasBest ? state.best : nil
    watch.bestIteration = Int(state.bestIter)
    watch.waited = Int(state.waited)
    return watch
  }
}
