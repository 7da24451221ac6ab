package import CaffeCore

/// Memory that tensors have given back, for others: passes that are alike need no new memory.
package final class MemoryPool {
  private var idle: [(storage: AlignedMemory, since: Int)] = []
  /// How often memory was taken.
  private var takings = 0
  /// Memory that has not been wanted for so many takings is returned to the system.
  package static let patience = 16384

  package init() {}

  /// Memory of at least this size, with undefined content: the smallest that is large enough, if that is not much too large.
  package func take(byteCount: Int) -> AlignedMemory {
    takings += 1
    let sizes = byteCount...(byteCount + byteCount / 2 + 65536)
    var best: Int?
    for (index, entry) in idle.enumerated() where sizes ~= entry.storage.byteCount {
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
