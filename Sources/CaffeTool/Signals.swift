import Caffe
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What SIGINT (Ctrl-C) and SIGHUP (a closed terminal) do to a training run.
///
/// The handlers only note that a signal came; the solver asks for the action once an iteration.
package struct Signals: Sendable {
  private let interrupt: SolverAction
  private let hangUp: SolverAction

  /// Takes over both signals for the rest of the process.
  package init(interrupt: SolverAction, hangUp: SolverAction) {
    self.interrupt = interrupt
    self.hangUp = hangUp
    // Also runs the lazy initialisation of the two flags, which a handler must not do.
    interrupted.store(false, ordering: .relaxed)
    hungUp.store(false, ordering: .relaxed)
    Self.install(SIGINT) { _ in interrupted.store(true, ordering: .relaxed) }
    Self.install(SIGHUP) { _ in hungUp.store(true, ordering: .relaxed) }
  }

  /// The action for a signal that came since the last call, SIGHUP first.
  package func pendingAction() -> SolverAction {
    if hungUp.exchange(false, ordering: .relaxed) { return hangUp }
    if interrupted.exchange(false, ordering: .relaxed) { return interrupt }
    return .none
  }

  private static func install(_ signal: CInt, _ handler: @convention(c) (CInt) -> Void) {
    var action = sigaction()
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    // Reading a file goes on after the handler instead of failing with EINTR.
    action.sa_flags = SA_RESTART
    sigfillset(&action.sa_mask)
    sigaction(signal, &action, nil)
    // A program that starts this one may have left the signal blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, signal)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}

private let interrupted = Atomic(false)
private let hungUp = Atomic(false)

extension SolverAction {
  /// The action that a flag names: `-sigint_effect stop`.
  package init(signalEffect name: String) throws(ToolError) {
    guard let action = Self(rawValue: name) else {
      throw ToolError("Invalid signal effect \"\(name)\" was specified; it must be snapshot, stop or none.")
    }
    self = action
  }
}
