public import CaffeProto
internal import RealModule

/// rate = base_lr · gamma^⌊iteration / stepsize⌋
public struct StepPolicy: LearningRatePolicy {
  public static let name = "step"
  private let base: Float
  private let gamma: Float
  private let size: Int

  public init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.stepsize > 0 else { throw SolverError("stepsize is \(solver.stepsize), but must be greater than 0") }
    base = solver.baseLr
    gamma = try LearningRatePolicies.checkedGamma(solver)
    size = Int(solver.stepsize)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    step = iteration / size
    return base * Float.pow(gamma, step)
  }
}
