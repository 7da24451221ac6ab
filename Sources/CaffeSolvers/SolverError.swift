internal import CaffeProto

/// What went wrong with a solver: its definition, a run, or a snapshot.
public struct SolverError: Error, Hashable, Sendable {
  public var problem: String
  public var remedy: String?
  /// The file at fault.
  public var file: String?

  public init(_ problem: String, remedy: String? = nil, file: String? = nil) {
    self.problem = problem
    self.remedy = remedy
    self.file = file
  }

  /// The same error with the file at fault, unless it names one.
  func located(in file: String?) -> SolverError { SolverError(problem, remedy: remedy, file: self.file ?? file) }
}

extension SolverError: CustomStringConvertible {
  /// `solver.prototxt: error: …`, then the way out on a line of its own.
  public var description: String {
    ((file.map { "\($0): " } ?? "") + "error: " + problem + (remedy.map { "\n  \($0)" } ?? "")).readable
  }
}
