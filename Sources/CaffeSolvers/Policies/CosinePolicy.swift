public import CaffeProto
internal import RealModule

/// rate = min_lr + (base_lr − min_lr) · (1 + cos(π · iteration / max_iter)) / 2 (Loshchilov and Hutter, 2017, without restarts).
///
/// From `max_iter` on the rate is `min_lr`.
public struct CosinePolicy: LearningRatePolicy {
  public static let name = "cosine"
  private let base: Float
  private let floor: Float
  private let end: Int

  public init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.maxIter > 0 else {
      throw SolverError("lr_policy \"cosine\" needs max_iter: there the rate arrives at min_lr")
    }
    base = solver.baseLr
    floor = try LearningRatePolicies.checkedFloor(solver)
    end = Int(solver.maxIter)
  }

  public func rate(at iteration: Int, step: inout Int) -> Float {
    let progress = Float(min(iteration, end)) / Float(end)
    return floor + (base - floor) * (1 + Float.cos(.pi * progress)) / 2
  }
}
