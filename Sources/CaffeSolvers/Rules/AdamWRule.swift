public import CaffeProto

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019): the decay shrinks the weights and stays out of the moments.
///
///     step = Adam's step + rate·decay·w,   decay = weight_decay · decay_mult
///
/// The moments, their names and their place in snapshots are Adam's.
public struct AdamWRule: UpdateRule {
  public static let type = "AdamW"
  public static let historyCount = AdamRule.historyCount
  public static let decouplesDecay = true
  private let adam: AdamRule

  /// - Throws: `SolverError` for L1 regularisation, and for averages that never forget.
  public init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.regularizationType != "L1" else {
      throw SolverError(
        "regularization_type \"L1\" cannot be used with AdamW",
        remedy: "its weight decay is L2 by definition; use \"L2\", or type: \"Adam\"")
    }
    for (field, value) in [("momentum", solver.momentum), ("momentum2", solver.momentum2)] {
      guard value >= 0, value < 1 else {
        throw SolverError("\(field) is \(value), but must be at least 0 and less than 1")
      }
    }
    adam = AdamRule(solver)
  }

  public func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int) {
    adam.step(gradient, history, rate: rate, iteration: iteration)
  }
}
