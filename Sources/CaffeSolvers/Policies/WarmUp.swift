internal import CaffeProto

/// The first iterations of any policy, in which the rate goes in a straight line from `warmup_start_lr` to what the policy says
/// at iteration `warmup_iter` (Goyal et al., 2017, §2.2).
///
///     rate = start + (policy(warmup_iter) − start) · iteration / warmup_iter
///
/// The policy's own count starts at iteration 0 all the same.
struct WarmUp {
  private let length: Int
  private let start: Float

  /// - Throws: `SolverError` for a negative length or rate, and for a warm-up that outlasts the training.
  init(_ solver: SolverParameter) throws(SolverError) {
    guard solver.warmupIter >= 0 else {
      throw SolverError("warmup_iter is \(solver.warmupIter), but must be at least 0")
    }
    guard solver.warmupStartLr >= 0 else {
      throw SolverError("warmup_start_lr is \(solver.warmupStartLr), but must be at least 0")
    }
    guard !solver.hasMaxIter || solver.warmupIter <= solver.maxIter else {
      throw SolverError("warmup_iter is \(solver.warmupIter), beyond the end of training, max_iter \(solver.maxIter)")
    }
    length = Int(solver.warmupIter)
    start = solver.warmupStartLr
  }

  func isOver(at iteration: Int) -> Bool { iteration >= length }

  /// The rate of an iteration. The policy's step stays as it is until the warm-up is over.
  func rate(of policy: any LearningRatePolicy, at iteration: Int, step: inout Int) -> Float {
    guard !isOver(at: iteration) else { return policy.rate(at: iteration, step: &step) }
    var stepThen = step
    let end = policy.rate(at: length, step: &stepThen)
    return start + (end - start) * Float(iteration) / Float(length)
  }
}
