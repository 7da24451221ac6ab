internal import CaffeProto

/// The pull of weights towards zero that is added to their gradients (`regularization_type`).
struct Regularization {
  private enum Kind { case l1, l2 }
  private let kind: Kind
  let weightDecay: Float

  /// - Throws: `SolverError` for an unknown type.
  init(_ solver: SolverParameter) throws(SolverError) {
    weightDecay = solver.weightDecay
    switch solver.regularizationType {
    case "L1": kind = .l1
    case "L2": kind = .l2
    default:
      throw SolverError("Unknown regularization type: \(solver.regularizationType)", remedy: "it is \"L1\" or \"L2\"")
    }
  }

  /// L2: g += decay · w. L1: g += decay · sign(w).
  func add(to gradient: Values, of weights: Values, decay: Float) {
    guard decay != 0 else { return }
    switch kind {
    case .l2: for i in gradient.indices { gradient[i] += decay * weights[i] }
    case .l1:
      for i in gradient.indices {
        let w = weights[i]
        gradient[i] += w > 0 ? decay : w < 0 ? -decay : 0
      }
    }
  }
}
