public import CaffeProto

/// How the learning rate changes with the iteration (`lr_policy`).
public protocol LearningRatePolicy: Sendable {
  /// The name in a solver's prototxt.
  static var name: String { get }

  /// - Throws: `SolverError` for values that the policy cannot work with.
  init(_ solver: SolverParameter) throws(SolverError)

  /// The rate of an iteration. `step` counts the drops so far; it is part of the solver's state.
  func rate(at iteration: Int, step: inout Int) -> Float
}

/// Every policy, in the order in which messages list them.
public enum LearningRatePolicies {
  public static let all: [any LearningRatePolicy.Type] = [
    FixedPolicy.self, StepPolicy.self, ExpPolicy.self, InvPolicy.self, MultistepPolicy.self, PolyPolicy.self,
    SigmoidPolicy.self, CosinePolicy.self, PlateauPolicy.self,
  ]

  /// The policy that the solver names.
  public static func make(_ solver: SolverParameter) throws(SolverError) -> any LearningRatePolicy {
    guard let policy = all.first(where: { $0.name == solver.lrPolicy }) else {
      let names = all.map { "\"\($0.name)\"" }.joined(separator: ", ")
      throw SolverError("Unknown learning rate policy: \(solver.lrPolicy)", remedy: "lr_policy is one of \(names)")
    }
    return try policy.init(solver)
  }

  /// - Throws: `SolverError` when gamma is negative.
  static func checkedGamma(_ solver: SolverParameter) throws(SolverError) -> Float {
    guard solver.gamma >= 0 else { throw SolverError("gamma is \(solver.gamma), but must be at least 0") }
    return solver.gamma
  }

  /// - Throws: `SolverError` when min_lr is negative or above base_lr.
  static func checkedFloor(_ solver: SolverParameter) throws(SolverError) -> Float {
    guard solver.minLr >= 0, solver.minLr <= solver.baseLr else {
      throw SolverError("min_lr is \(solver.minLr), but must lie between 0 and base_lr, \(solver.baseLr)")
    }
    return solver.minLr
  }
}
