public import CaffeProto
internal import RealModule

/// rate = base_lr · (1 − iteration / max_iter)^power
public struct PolyPolicy: LearningRatePolicy {
  public static let name = "poly"
  private let base: Float
  private let power: Float
  private let end: Float

  public init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.maxIter > 0 else {
      throw SolverError("lr_policy \"poly\" needs max_iter: there the rate arrives at 0")
    }
    base = solver.baseLr
    power = solver.power
    end = Float(solver.maxIter)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    base * Float.pow(1 - Float(iteration) / end, power)
  }
}
