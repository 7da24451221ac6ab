public import CaffeProto
internal import RealModule

/// rate = base_lr · gamma^iteration
public struct ExpPolicy: LearningRatePolicy {
  public static let name = "exp"
  private let base: Float
  private let gamma: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    base = solver.baseLr
    gamma = try LearningRatePolicies.checkedGamma(solver)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float { base * Float.pow(gamma, iteration) }
}
