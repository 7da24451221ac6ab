import Caffe
import CaffeTool
import Foundation
import Testing

@Suite(.serialized) struct `Signals to a training run` {
  @Test func `bring about their effects once`() {
    let signals = Signals(interrupt: .stop, hangUp: .snapshot)
    #expect(signals.pendingAction() == .none)
    raise(SIGINT)
    raise(SIGHUP)
    #expect(signals.pendingAction() == .snapshot)
    #expect(signals.pendingAction() == .stop)
    #expect(signals.pendingAction() == .none)
    signal(SIGINT, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
  }

  @Test func `may do nothing`() {
    let signals = Signals(interrupt: .none, hangUp: .none)
    raise(SIGINT)
    #expect(signals.pendingAction() == .none)
    signal(SIGINT, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
  }

  @Test func `refuse an unknown effect`() throws {
    #expect(throws: ToolError.self) { try SolverAction(signalEffect: "x") }
    for flag in ["-sigint_effect", "-sighup_effect"] {
      let run = try Run("train", "-solver", "s.prototxt", flag, "x")
      #expect(run.status == 2)
      #expect(run.errors.contains("Invalid signal effect \"x\" was specified"))
    }
  }
}
