import CaffeTool
import Foundation
import Testing

@Suite(.serialized) struct `Signals to a training run` {
  @Test func `bring about their effects once`() {
    let signals = Signals(interrupt: .stop, hangUp: .snapshot)
    #expect(signals.pendingAction() == .none)
    send(SIGINT)
    send(SIGHUP)
    #expect(signals.pendingAction() == .snapshot)
    #expect(signals.pendingAction() == .stop)
    #expect(signals.pendingAction() == .none)
    signal(SIGINT, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
  }

  /// Sends the calling thread a signal, which the threads of a test hold back otherwise.
  private func send(_ signal: CInt) {
    var mask = sigset_t()
    var before = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, signal)
    pthread_sigmask(SIG_UNBLOCK, &mask, &before)
    raise(signal)
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  @Test func `may do nothing`() {
    let signals = Signals(interrupt: .none, hangUp: .none)
    send(SIGINT)
    #expect(signals.pendingAction() == .none)
    signal(SIGINT, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
  }

  @Test func `refuse an unknown effect`() throws {
    #expect(throws: ToolError.self) { try Signals.Effect(named: "x") }
    for flag in ["-sigint_effect", "-sighup_effect"] {
      let run = try Run("train", "-solver", "s.prototxt", flag, "x")
      #expect(run.status == 2)
      #expect(run.errors.contains("Invalid signal effect \"x\" was specified"))
    }
  }
}
