#if canImport(Glibc)
  internal import Glibc

  private let mapAnonymous = CInt(MAP_ANONYMOUS)
#elseif canImport(Darwin)
  internal import Darwin

  private let mapAnonymous = MAP_ANON
#endif

/// The memory that blobs take, counted before it is taken: a buffer that several blobs share counts once.
final class MemoryCount {
  private(set) var bytes = 0
  private let restrictions: Restrictions?
  private let hasGradients: Bool
  private var seen: Set<ObjectIdentifier> = []

  /// - Parameters:
  ///   - restrictions: the limit, if there is one.
  ///   - hasGradients: whether each value has a gradient beside it.
  init(_ restrictions: Restrictions?, hasGradients: Bool) {
    self.restrictions = restrictions
    self.hasGradients = hasGradients
  }

  /// Counts blobs, and makes sure that they are of a size that can be and that all together stay within the limit.
  func add(_ blobs: [Blob], for purpose: String) throws(NetError) {
    for blob in blobs { try blob.shape.requireCountable() }
    try countAgainstLimit(blobs, for: purpose)
    for blob in blobs { try Self.tryToTake(blob.count * MemoryLayout<Float>.stride, for: purpose) }
  }

  private func countAgainstLimit(_ blobs: [Blob], for purpose: String) throws(NetError) {
    guard let restrictions else { return }
    let size = MemoryLayout<Float>.stride * (hasGradients ? 2 : 1)
    for blob in blobs where seen.insert(ObjectIdentifier(blob.data)).inserted {
      let (sum, overflow) = bytes.addingReportingOverflow(blob.count * size)
      bytes = overflow ? .max : sum
    }
    try restrictions.check(bytes: bytes, for: purpose)
  }

  /// Makes sure that the system would give so much memory: when it is needed, in the middle of a pass, nobody can be told any more.
  private static func tryToTake(_ bytes: Int, for purpose: String) throws(NetError) {
    // Asking costs little, but many small blobs would add up.
    guard bytes >= 16 << 20 else { return }
    guard let trial = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | mapAnonymous, -1, 0), trial != MAP_FAILED
    else {
      throw NetError(
        "\(purpose) would take \(bytes) bytes, and the system has not that much memory",
        remedy: "take a smaller batch or smaller images")
    }
    munmap(trial, bytes)
  }
}
