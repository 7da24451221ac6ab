public import CaffeProto
internal import RealModule

/// rate = max(min_lr, base_lr · gamma^step), where `step` grows by one after every `plateau_winsize` iterations in which the
/// watched value did not get better.
///
/// The value is the smoothed training loss, or the output of the first test net that `monitor` names. The first entry of
/// `plateau_winsize` is the patience before the first drop, the second before the second, and the last one before all others.
public struct PlateauPolicy: LearningRatePolicy {
  public static let name = "plateau"
  private let base: Float
  private let gamma: Float
  private let floor: Float
  private let windows: [Int]

  public init(_ solver: SolverParameter) throws(SolverError) {
    guard !solver.plateauWinsize.isEmpty else {
      throw SolverError(
        "lr_policy \"plateau\" needs plateau_winsize",
        remedy:
          "say how many iterations without a better value to wait before the rate falls, such as plateau_winsize: 5000")
    }
    if let size = solver.plateauWinsize.first(where: { $0 < 1 }) {
      throw SolverError("plateau_winsize is \(size), but must be at least 1")
    }
    // The comparison is false for NaN too.
    guard solver.gamma > 0, solver.gamma < 1 else {
      throw SolverError(
        solver.hasGamma ? "gamma is \(solver.gamma)" : "lr_policy \"plateau\" needs gamma",
        remedy: "the rate is multiplied by gamma when it falls: it must lie between 0 and 1, such as gamma: 0.1")
    }
    base = solver.baseLr
    gamma = solver.gamma
    floor = try LearningRatePolicies.checkedFloor(solver)
    windows = solver.plateauWinsize.map(Int.init)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float { rate(step) }

  /// The iterations without a better value before the next drop; nil when the rate cannot fall any further.
  func patience(atStep step: Int) -> Int? { rate(step) > floor ? windows[min(step, windows.count - 1)] : nil }

  private func rate(_ step: Int) -> Float { max(floor, base * Float.pow(gamma, step)) }
}
