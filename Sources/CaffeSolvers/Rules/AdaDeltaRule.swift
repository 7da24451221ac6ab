public import CaffeProto

/// AdaDelta (Zeiler, 2012), with μ = momentum as the decay of both averages.
///
///     h₁ ← μ·h₁ + (1 − μ)·g²,   u = g·√((h₂ + δ) / (h₁ + δ))
///     h₂ ← μ·h₂ + (1 − μ)·u²,   step = rate·u
public struct AdaDeltaRule: UpdateRule {
  public static let type = "AdaDelta"
  public static let historyCount = 2
  private let momentum: Float
  private let delta: Float

  public init(_ solver: SolverParameter) {
    momentum = solver.momentum
    delta = solver.delta
  }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let squares = history.first
    let updates = history.second
    for i in gradient.indices {
      let g = gradient[i]
      squares[i] = momentum * squares[i] + (1 - momentum) * g * g
      let update = g * ((updates[i] + delta) / (squares[i] + delta)).squareRoot()
      updates[i] = momentum * updates[i] + (1 - momentum) * update * update
      gradient[i] = rate * update
    }
  }
}
