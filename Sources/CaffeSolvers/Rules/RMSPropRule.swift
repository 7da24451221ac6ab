public import CaffeProto

/// RMSProp (Tieleman and Hinton, 2012, lecture 6.5).
///
///     h ← ρ·h + (1 − ρ)·g²,   step = rate·g / (√h + δ),   ρ = rms_decay
public struct RMSPropRule: UpdateRule {
  public static let type = "RMSProp"
  public static let historyCount = 1
  private let decay: Float
  private let delta: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    try UpdateRules.forbidMomentum(solver, Self.type)
    guard solver.rmsDecay >= 0, solver.rmsDecay < 1 else {
      throw SolverError("rms_decay should lie between 0 and 1, not \(solver.rmsDecay)")
    }
    decay = solver.rmsDecay
    delta = solver.delta
  }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let h = history.first
    for i in gradient.indices {
      h[i] = decay * h[i] + (1 - decay) * gradient[i] * gradient[i]
      gradient[i] = rate * gradient[i] / (h[i].squareRoot() + delta)
    }
  }
}
