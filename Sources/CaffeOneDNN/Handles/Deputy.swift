internal import CaffeProto

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A thread that computes in the place of one that cannot.
///
/// After `fork()`, the thread that lives on in the new process belongs to a team of OpenMP's whose other threads are gone, and would
/// wait for them forever. A new thread begins with a team of its own.
enum Deputy {
  /// Does the work on this thread, or on its deputy if it needs one.
  @inline(__always)
  static func run(_ work: () -> Void) {
    if Fork.isSurvivor { DeputyThread.current.run(work) } else { work() }
  }
}

private final class DeputyThread: @unchecked Sendable {
  // Safe to share: `work` is only touched with the mutex held, and only the thread that forked asks for work.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var work: (() -> Void)?
  private let forks = Fork.count

  // Only ever touched by the thread that forked, of which a process has one.
  nonisolated(unsafe) private static var thread: DeputyThread?

  /// The deputy in this process: one that was there before the fork is gone.
  static var current: DeputyThread {
    if let thread, thread.forks == Fork.count { return thread }
    let new = DeputyThread()
    // The one before is left as it is: its mutex may be held by a thread that is no more.
    if let thread { _ = Unmanaged.passRetained(thread) }
    thread = new
    return new
  }

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    let me = Unmanaged.passRetained(self)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(
      &thread, nil,
      { argument in
        let opaque: UnsafeMutableRawPointer? = argument
        if let opaque { Unmanaged<DeputyThread>.fromOpaque(opaque).takeRetainedValue().serve() }
        return nil
      }, me.toOpaque())
    precondition(code == 0, "the system gives no further thread (error \(code))")
    #if canImport(Darwin)
      pthread_detach(thread!)
    #else
      pthread_detach(thread)
    #endif
  }

  func run(_ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      pthread_mutex_lock(mutex)
      work = body
      pthread_cond_broadcast(changed)
      while work != nil { pthread_cond_wait(changed, mutex) }
      pthread_mutex_unlock(mutex)
    }
  }

  private func serve() {
    pthread_mutex_lock(mutex)
    while true {
      while work == nil { pthread_cond_wait(changed, mutex) }
      work?()
      work = nil
      pthread_cond_broadcast(changed)
    }
  }
}
