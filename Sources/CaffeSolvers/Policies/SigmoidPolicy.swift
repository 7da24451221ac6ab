public import CaffeProto
internal import RealModule

/// rate = base_lr / (1 + e^(−gamma · (iteration − stepsize))): it rises, since gamma is at least 0.
public struct SigmoidPolicy: LearningRatePolicy {
  public static let name = "sigmoid"
  private let base: Float
  private let gamma: Float
  private let middle: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.stepsize > 0 else { throw SolverError("stepsize is \(solver.stepsize), but must be greater than 0") }
    base = solver.baseLr
    gamma = try LearningRatePolicies.checkedGamma(solver)
    middle = Float(solver.stepsize)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    base / (1 + Float.exp(-gamma * (Float(iteration) - middle)))
  }
}
