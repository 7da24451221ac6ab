public import CaffeProto
internal import RealModule

/// rate = base_lr · gamma^step, where `step` grows by one when the iteration reaches the next `stepvalue`, and by no more than
/// one an iteration.
public struct MultistepPolicy: LearningRatePolicy {
  public static let name = "multistep"
  private let base: Float
  private let gamma: Float
  private let values: [Int]

  public init(_ solver: SolverParameter) throws(SolverError) {
    base = solver.baseLr
    gamma = try LearningRatePolicies.checkedGamma(solver)
    values = solver.stepvalue.map(Int.init)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    if step < values.count, iteration >= values[step] { step += 1 }
    return base * Float.pow(gamma, step)
  }
}
