/// The enumeration `solver_type` becomes the string `type`.
struct SolverUpgrade {
  var solver: SolverParameter
  let file: String?
  private(set) var notices: [UpgradeNotice] = []

  init(_ solver: SolverParameter, file: String?) {
    self.solver = solver
    self.file = file
  }

  mutating func run() throws(UpgradeError) {
    guard solver.hasSolverType else { return }
    guard !solver.hasType else { throw UpgradeError(file: file, problem: .twoSolverTypes) }
    solver.type =
      switch solver.solverType {
      case .sgd: "SGD"
      case .nesterov: "Nesterov"
      case .adagrad: "AdaGrad"
      case .rmsprop: "RMSProp"
      case .adadelta: "AdaDelta"
      case .adam: "Adam"
      }
    solver.clearSolverType()
    notices.append(UpgradeNotice(.info, "Upgraded \(file ?? "solver"): solver_type is type \"\(solver.type)\"."))
  }
}
