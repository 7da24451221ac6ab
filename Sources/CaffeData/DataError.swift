internal import CaffeProto

/// What is wrong with a file or folder of training data: which one, why, and the way out.
public struct DataError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path of the file or folder.
  public var path: String
  public var problem: String
  public var remedy: String?

  public init(_ path: String, _ problem: String, remedy: String? = nil) {
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }

  /// `train_lmdb: No such file or directory`, then the way out on a line of its own.
  public var description: String { ("\(path): \(problem)" + (remedy.map { "\n  \($0)" } ?? "")).readable }
}
