public import CaffeProto
internal import RealModule

/// Adam (Kingma and Ba, 2015).
///
///     m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²,   t = iteration + 1
///     step = rate·√(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + δ)
///
/// β₁ = momentum, β₂ = momentum2. Unlike the paper's, δ stands outside the bias correction.
public struct AdamRule: UpdateRule {
  public static let type = "Adam"
  public static let historyCount = 2
  private let beta1: Float
  private let beta2: Float
  private let delta: Float

  public init(_ solver: SolverParameter) {
    beta1 = solver.momentum
    beta2 = solver.momentum2
    delta = solver.delta
  }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let m = history.first
    let v = history.second
    let t = Float(iteration + 1)
    let corrected = rate * (1 - Float.pow(beta2, t)).squareRoot() / (1 - Float.pow(beta1, t))
    for i in gradient.indices {
      let g = gradient[i]
      m[i] = beta1 * m[i] + (1 - beta1) * g
      v[i] = beta2 * v[i] + (1 - beta2) * g * g
      gradient[i] = corrected * m[i] / (v[i].squareRoot() + delta)
    }
  }
}
