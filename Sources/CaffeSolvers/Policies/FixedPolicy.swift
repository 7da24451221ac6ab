public import CaffeProto

/// rate = base_lr
public struct FixedPolicy: LearningRatePolicy {
  public static let name = "fixed"
  private let base: Float

  public init(_ solver: SolverParameter) { base = solver.baseLr }

  public func rate(at iteration: Int, step: inout Int) -> Float { base }
}
