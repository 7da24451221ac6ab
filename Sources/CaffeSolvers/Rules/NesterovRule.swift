public import CaffeProto

/// Nesterov's accelerated gradient (Sutskever et al., 2013, §2).
///
///     h' = μ·h + rate·g,   step = (1 + μ)·h' − μ·h
public struct NesterovRule: UpdateRule {
  public static let type = "Nesterov"
  public static let historyCount = 1
  private let momentum: Float

  public init(_ solver: SolverParameter) { momentum = solver.momentum }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    let h = history.first
    for i in gradient.indices {
      let old = h[i]
      h[i] = momentum * old + rate * gradient[i]
      gradient[i] = (1 + momentum) * h[i] - momentum * old
    }
  }
}
