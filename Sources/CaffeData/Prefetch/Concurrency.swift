internal import CaffeProto
internal import Dispatch
internal import FoundationEssentials
internal import Synchronization

/// How many threads decode images unless told otherwise.
let usualThreads = min(8, ProcessInfo.processInfo.activeProcessorCount)

/// Calls `body` with every index below `count`, on up to `threads` threads at a time, and comes back when all is done.
func concurrently(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
  // The threads of Dispatch are gone in a process that was forked, and it does not know.
  guard threads > 1, count > 1, Fork.count == 0 else { return (0..<count).forEach(body) }
  let next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      body(index)
    }
  }
}
