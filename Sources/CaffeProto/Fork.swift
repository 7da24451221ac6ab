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
