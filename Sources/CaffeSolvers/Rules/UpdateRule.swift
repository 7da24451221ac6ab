public import CaffeProto

/// How gradients become steps (`type` of a solver): w ← w − step.
public protocol UpdateRule: Sendable {
  /// The name in a solver's prototxt.
  static var type: String { get }

  /// How many values the rule remembers for each weight.
  static var historyCount: Int { get }

  /// Whether weight decay shrinks the weights beside the step, in place of entering the gradient. False by default.
  static var decouplesDecay: Bool { get }

  /// - Throws: `SolverError` for values that the rule cannot work with.
  init(_ solver: SolverParameter) throws(SolverError)

  /// Replaces gradients by steps.
  ///
  /// - Parameters:
  ///   - gradient: the gradients, regularised unless `decouplesDecay`; afterwards the steps.
  ///   - history: what the rule remembers, `historyCount` arrays as long as the gradient.
  ///   - rate: the learning rate of these weights.
  ///   - iteration: the number of this update, from 0.
  func step(_ gradient: Values, _ history: History, rate: Float, iteration: Int)
}

extension UpdateRule {
  public static var decouplesDecay: Bool { false }
}

public typealias Values = UnsafeMutableBufferPointer<Float>

/// The memory of an update rule for a run of weights: one or two values for each.
public struct History {
  public var first: Values
  public var second: Values
}

/// Every rule, in alphabetical order.
public enum UpdateRules {
  public static let all: [any UpdateRule.Type] = [
    AdaDeltaRule.self, AdaGradRule.self, AdamRule.self, AdamWRule.self, NesterovRule.self, RMSPropRule.self,
    SGDRule.self,
  ]

  /// The rule that the solver names.
  public static func make(_ solver: SolverParameter) throws(SolverError) -> any UpdateRule {
    guard let rule = all.first(where: { $0.type == solver.type }) else {
      let names = all.map { $0.type }.joined(separator: ", ")
      throw SolverError("Unknown solver type: \(solver.type) (known types: \(names))")
    }
    return try rule.init(solver)
  }

  static func forbidMomentum(_ solver: SolverParameter, _ type: String) throws(SolverError) {
    guard solver.momentum == 0 else {
      throw SolverError("Momentum cannot be used with \(type).", remedy: "remove momentum from the solver")
    }
  }
}
