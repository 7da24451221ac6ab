package import CaffeCore

/// Memory that tensors have given back, for others: passes that are alike need no new memory.
package final class MemoryPool {
  private var idle: [(storage: AlignedMemory, since: Int)] = []
  /// How often memory was taken.
  private var takings = 0
  /// Memory that has not been wanted for so many takings is returned to the system.
  package static let patience = 16384
  /// So many bytes of memory may be left idle within what is taken.
  private static let mostWaste = 4 << 20

  package init() {}

  /// Memory of at least this size, with undefined content: the smallest that is large enough, if that is not much too large, and of
  /// several the one that was given back last.
  ///
  /// What a tensor touches of memory that others have just used is in the caches still, so that it pays to take larger memory
  /// rather than one's own.
  package func take(byteCount: Int) -> AlignedMemory {
    takings += 1
    let sizes = byteCount...(byteCount + max(byteCount / 2, Self.mostWaste))
    var best: Int?
    for (index, entry) in idle.enumerated().reversed() where sizes ~= entry.storage.byteCount {
      if best.map({ entry.storage.byteCount < idle[$0].storage.byteCount }) ?? true { best = index }
      if entry.storage.byteCount == byteCount { break }
    }
    if let best { return idle.remove(at: best).storage }
    idle.removeAll { takings - $0.since > Self.patience }
    return AlignedMemory(byteCount: byteCount)
  }

  package func giveBack(_ storage: AlignedMemory) { idle.append((storage, takings)) }

  /// Returns everything that is idle to the system.
  package func drain() { idle.removeAll() }
}
