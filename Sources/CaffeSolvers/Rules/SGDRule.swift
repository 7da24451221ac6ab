public import CaffeProto

/// Stochastic gradient descent with momentum.
///
///     h ← μ·h + rate·g,   step = h
///
/// The rate is inside the history, so a drop of the rate acts gradually.
public struct SGDRule: UpdateRule {
  public static let type = "SGD"
  public static let historyCount = 1
  private let momentum: Float

  public init(_ solver: SolverParameter) { momentum = solver.momentum }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let h = history.first
    for i in gradient.indices {
      h[i] = momentum * h[i] + rate * gradient[i]
      gradient[i] = h[i]
    }
  }
}
