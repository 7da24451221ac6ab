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
    guard let restrictions else { return }
    let size = MemoryLayout<Float>.stride * (hasGradients ? 2 : 1)
    for blob in blobs where seen.insert(ObjectIdentifier(blob.data)).inserted {
      let (sum, overflow) = bytes.addingReportingOverflow(blob.count * size)
      bytes = overflow ? .max : sum
    }
    try restrictions.check(bytes: bytes, for: purpose)
  }
}
