import Caffe
import CaffeProto
import Synchronization

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
  // Safe to share: `successor` is only touched with the mutex held, the rest of what changes with `renewal` held.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// The lock that this one has become.
  private var successor: SharedLock?
  private let forks = Atomic(Fork.count)
  /// Whether a thread that is not in this process held the lock when the process forked.
  private let isLost = Atomic(false)
  /// What threads without the lock want done under it.
  private let wishes = ForkSafe<[@Sendable () -> Void]>([])
  private let hasWishes = Atomic(false)

  private static let renewal = ForkSafe(())

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

  func withLock<Result>(_ work: () throws -> Result) throws -> Result {
    let taken = try take()
    defer { taken.give() }
    return try work()
  }

  /// Does the work unless another thread holds the lock; nil if one does.
  func withLockIfFree<Result>(_ work: () -> Result) throws(NetError) -> Result? {
    try checkForks()
    guard pthread_mutex_trylock(mutex) == 0 else { return nil }
    defer { give() }
    if let successor {
      passWishes(on: successor)
      return try successor.withLockIfFree(work)
    }
    grantWishes()
    return work()
  }

  /// Does the work now, or, while another thread holds the lock, as soon as the next one takes it.
  func whenFree(_ work: @escaping @Sendable () -> Void) {
    wishes.withLock { $0.append(work) }
    hasWishes.store(true, ordering: .releasing)
    // A net that is lost in a fork has nothing to be done.
    _ = try? withLockIfFree {}
  }

  private func takeWishes() -> [@Sendable () -> Void] {
    guard hasWishes.exchange(false, ordering: .acquiring) else { return [] }
    return wishes.withLock { wishes in
      defer { wishes = [] }
      return wishes
    }
  }

  private func grantWishes() { for wish in takeWishes() { wish() } }

  private func passWishes(on next: SharedLock) {
    let mine = takeWishes()
    guard !mine.isEmpty else { return }
    next.wishes.withLock { $0 += mine }
    next.hasWishes.store(true, ordering: .releasing)
  }

  /// Takes the lock, or the one that it has become, and returns which: that one is to be given back.
  ///
  /// - Throws: `NetError` when it can never be taken.
  func take() throws(NetError) -> SharedLock {
    var lock = self
    while true {
      try lock.checkForks()
      pthread_mutex_lock(lock.mutex)
      guard let next = lock.successor else {
        lock.grantWishes()
        return lock
      }
      lock.passWishes(on: next)
      lock.give()
      lock = next
    }
  }

  func give() { pthread_mutex_unlock(mutex) }

  /// Makes the two locks one.
  func merge(with other: SharedLock) throws(NetError) {
    while true {
      let (first, second) = (try latest(), try other.latest())
      guard first !== second else { return }
      // Always in the same order, so that two threads that merge the same locks do not wait for each other.
      let isInOrder = UInt(bitPattern: first.mutex) < UInt(bitPattern: second.mutex)
      let (earlier, later) = isInOrder ? (first, second) : (second, first)
      pthread_mutex_lock(earlier.mutex)
      pthread_mutex_lock(later.mutex)
      defer {
        later.give()
        earlier.give()
      }
      // Another thread may have merged one of them meanwhile.
      if earlier.successor == nil, later.successor == nil {
        later.successor = earlier
        return
      }
    }
  }

  /// The lock that this one has become.
  private func latest() throws(NetError) -> SharedLock {
    let lock = try take()
    lock.give()
    return lock
  }

  /// Finds out, the first time after a fork, whether the lock can still be had.
  private func checkForks() throws(NetError) {
    if forks.load(ordering: .acquiring) != Fork.count {
      Self.renewal.withLock { _ in
        guard forks.load(ordering: .relaxed) != Fork.count else { return }
        if pthread_mutex_trylock(mutex) == 0 { give() } else { isLost.store(true, ordering: .relaxed) }
        forks.store(Fork.count, ordering: .releasing)
      }
    }
    guard isLost.load(ordering: .relaxed) else { return }
    throw NetError(
      "the net was running when the process forked, so this process has a half-computed copy of it",
      remedy: "Fork while no thread runs the net, build the net in the new process, or hand it over as an argument.")
  }
}
