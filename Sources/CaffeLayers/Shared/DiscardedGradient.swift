internal import CaffeCore

/// A place for the gradient of weights that do not learn while their bias does: operations compute both.
final class DiscardedGradient {
  private let buffer = Buffer()

  /// The gradient of `blob` if it is wanted, else memory that nobody reads.
  func unless(_ isWanted: Bool, _ blob: Blob) -> Buffer {
    if isWanted { return blob.diff }
    buffer.resize(to: blob.count)
    buffer.setZero()
    return buffer
  }
}
