public import CaffeProto

/// Adaptive gradients (Duchi et al., 2011).
///
///     h ← h + g²,   step = rate·g / (√h + δ)
public struct AdaGradRule: UpdateRule {
  public static let type = "AdaGrad"
  public static let historyCount = 1
  private let delta: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    try UpdateRules.forbidMomentum(solver, Self.type)
    delta = solver.delta
  }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let h = history.first
    for i in gradient.indices {
      h[i] += gradient[i] * gradient[i]
      gradient[i] = rate * gradient[i] / (h[i].squareRoot() + delta)
    }
  }
}
