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
  /// What a signal brings about: `-sigint_effect` and `-sighup_effect`.
  package enum Effect: String, CaseIterable, Sendable {
    case snapshot, stop, none

    /// The effect of that name.
    package init(named name: String) throws(ToolError) {
      guard let effect = Self(rawValue: name) else {
        throw ToolError(
          "Invalid signal effect \"\(name)\" was specified; it must be snapshot, stop or none.")
      }
      self = effect
    }
  }

  private let interrupt: Effect
  private let hangUp: Effect

  /// Takes over both signals for the rest of the process.
  package init(interrupt: Effect, hangUp: Effect) {
    self.interrupt = interrupt
    self.hangUp = hangUp
    // Also runs the lazy initialisation of the two flags, which a handler must not do.
    interrupted.store(false, ordering: .relaxed)
    hungUp.store(false, ordering: .relaxed)
    Self.install(SIGINT) { _ in interrupted.store(true, ordering: .relaxed) }
    Self.install(SIGHUP) { _ in hungUp.store(true, ordering: .relaxed) }
  }

  /// The effect of a signal that came since the last call, SIGHUP first.
  package func pendingAction() -> Effect {
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
  }
}

private let interrupted = Atomic(false)
private let hungUp = Atomic(false)
