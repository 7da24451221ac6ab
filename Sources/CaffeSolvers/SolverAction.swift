/// What somebody outside, such as a signal, may ask of a running solver.
public enum SolverAction: String, Sendable, CaseIterable {
  case none
  case stop
  case snapshot
}
