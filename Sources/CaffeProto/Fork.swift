#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a process that came out of `fork()` must know: of all threads only the one that forked lives on.
///
/// Whoever keeps threads, or locks that another thread may have held, notes `count` and looks whether it has changed.
package enum Fork {
  // Written only by the handler below, when there is one thread.
  nonisolated(unsafe) private static var forks = 0
  nonisolated(unsafe) private static var survivor: pthread_t?

  private static let handler: CInt = pthread_atfork(
    nil, nil,
    {
      Fork.forks += 1
      Fork.survivor = pthread_self()
    })

  /// How often this process and those that it descends from have forked.
  package static var count: Int {
    _ = handler
    return forks
  }

  /// Whether this is the thread that forked, in the process that came out of it.
  package static var isSurvivor: Bool {
    _ = handler
    guard let survivor else { return false }
    return pthread_equal(survivor, pthread_self()) != 0
  }
}

/// A value that one thread at a time reads or changes, also in a process that was forked while another thread did so.
///
/// A `Mutex` that another thread held at the fork is never given back in the new process, and taking it there ends the process.
/// All values of this kind share one lock, which a fork waits for, so keep the work under it short.
package final class ForkSafe<Value>: @unchecked Sendable {
  // Safe to share: only touched under the lock.
  private var value: Value

  package init(_ value: sending Value) { self.value = value }

  package func withLock<Result>(_ work: (inout Value) throws -> Result) rethrows -> Result {
    let mutex = forkLock.mutex
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try work(&value)
  }
}

private struct ForkLock: @unchecked Sendable {
  // Safe to share: only the pthread functions touch it.
  let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init() { pthread_mutex_init(mutex, nil) }
}

private let forkLock: ForkLock = {
  let lock = ForkLock()
  // In the new process the lock is made anew: the old one belongs to a thread of the old process.
  pthread_atfork(
    { pthread_mutex_lock(forkLock.mutex) }, { pthread_mutex_unlock(forkLock.mutex) },
    { pthread_mutex_init(forkLock.mutex, nil) })
  return lock
}()
