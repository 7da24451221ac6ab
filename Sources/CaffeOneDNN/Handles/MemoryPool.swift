/// Memory that tensors have given back, for others of the same size: passes that are alike need no new memory.
///
/// Memory that no tensor asked for again is returned to the system as soon as there is more of it than a quarter of what is in
/// use.
final class MemoryPool {
  private var idle: [Int: [AlignedStorage]] = [:]
  private var idleBytes = 0
  private var usedBytes = 0

  /// Memory of this size, with undefined content.
  func take(byteCount: Int) -> AlignedStorage {
    usedBytes += byteCount
    if let storage = idle[byteCount]?.popLast() {
      idleBytes -= byteCount
      return storage
    }
    if idleBytes > usedBytes / 4 {
      idle.removeAll()
      idleBytes = 0
    }
    return AlignedStorage(byteCount: byteCount, isZero: false)
  }

  func giveBack(_ storage: AlignedStorage) {
    usedBytes -= storage.byteCount
    idleBytes += storage.byteCount
    idle[storage.byteCount, default: []].append(storage)
  }
}
