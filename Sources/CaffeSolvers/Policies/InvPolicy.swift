public import CaffeProto
internal import RealModule

/// rate = base_lr · (1 + gamma · iteration)^−power
public struct InvPolicy: LearningRatePolicy {
  public static let name = "inv"
  private let base: Float
  private let gamma: Float
  private let power: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    base = solver.baseLr
    gamma = try LearningRatePolicies.checkedGamma(solver)
    power = solver.power
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    base * Float.pow(1 + gamma * Float(iteration), -power)
  }
}
