#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lets one thread at a time work on a net and on those that share its weights, while other nets run beside it.
///
/// The thread that holds it may take it again: a Python layer may call its own net. When two nets begin to share weights, their
/// locks become one.
final class SharedLock: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// The lock that this one has become.
  private var successor: SharedLock?

  init() {
    mutex = .allocate(capacity: 1)
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, CInt(PTHREAD_MUTEX_RECURSIVE))
    pthread_mutex_init(mutex, &attributes)
    pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func withLock<Result>(_ work: () throws -> Result) rethrows -> Result {
    let taken = take()
    defer { taken.unlock() }
    return try work()
  }

  /// Does the work unless another thread holds the lock; nil if one does.
  func withLockIfFree<Result>(_ work: () -> Result) -> Result? {
    guard successor == nil else { return current.withLockIfFree(work) }
    guard pthread_mutex_trylock(mutex) == 0 else { return nil }
    defer { unlock() }
    return successor == nil ? work() : nil
  }

  /// Makes the two locks one.
  func merge(with other: SharedLock) {
    let (first, second) = (current, other.current)
    guard first !== second else { return }
    // Always in the same order, so that two threads that merge the same locks do not wait for each other.
    let isInOrder = UInt(bitPattern: first.mutex) < UInt(bitPattern: second.mutex)
    let (earlier, later) = isInOrder ? (first, second) : (second, first)
    earlier.withLock {
      later.withLock { if later.current !== earlier.current { later.current.successor = earlier.current } }
    }
  }

  private var current: SharedLock {
    var lock = self
    while let next = lock.successor { lock = next }
    return lock
  }

  private func take() -> SharedLock {
    while true {
      let lock = current
      pthread_mutex_lock(lock.mutex)
      // It may have been merged while this thread waited.
      if lock.successor == nil { return lock }
      lock.unlock()
    }
  }

  private func unlock() { pthread_mutex_unlock(mutex) }
}
