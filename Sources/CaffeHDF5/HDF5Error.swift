/// A failure to read or write an HDF5 file.
public struct HDF5Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path of the file.
  public var file: String
  /// What was being done, such as `open dataset "label"`.
  public var operation: String
  /// Why it failed: our own finding, or the library's error stack from the outermost call to the innermost.
  public var reason: String

  public init(file: String, operation: String, reason: String) {
    self.file = file
    self.operation = operation
    self.reason = reason
  }

  public var description: String { "\(file): cannot \(operation): \(reason)" }
}
