internal import CaffeProto

extension Solver {
  /// Takes note of a test of the first test net: writes the weights if it was the best so far and `snapshot_best` asks for it.
  func judge(_ means: [Float]) {
    guard let monitor else { return }
    let value = monitor.value(in: means, of: testNets[0])
    if warmUp.isOver(at: iteration), policy is PlateauPolicy, definition.hasMonitor {
      _ = plateauWatch.see(value, at: iteration)
    }
    guard testWatch.see(value, at: iteration) else {
      testWatch.waited += 1
      return
    }
    if definition.snapshotBest {
      logger.info("The best test so far: \(monitor.name) = \(value.shortText)")
      trySnapshotBest()
    }
  }

  /// Whether `early_stop_tests` tests in a row brought nothing better, so that training ends here.
  func endsEarly() -> Bool {
    let limit = Int(definition.earlyStopTests)
    guard limit > 0, testWatch.waited >= limit, let monitor else { return false }
    let best = testWatch.best.map { "\($0.shortText) of iteration \(testWatch.bestIteration)" } ?? "NaN"
    logger.info(
      """
      Training ends at iteration \(iteration): in the last \(testWatch.waited) tests \(monitor.name) was not better than \
      \(best) (early_stop_tests: \(limit)).
      """)
    endedEarly = true
    return true
  }

  /// Counts this iteration for policy `plateau`: the rate falls when the wait for a better value has been long enough.
  ///
  /// During the warm-up nothing is counted.
  func advancePlateau() {
    guard let policy = policy as? PlateauPolicy, warmUp.isOver(at: iteration) else { return }
    if !definition.hasMonitor { _ = plateauWatch.see(losses.mean, at: iteration) }
    guard plateauWatch.best != nil, plateauWatch.bestIteration != iteration else { return }
    plateauWatch.waited += 1
    guard let patience = policy.patience(atStep: currentStep), plateauWatch.waited >= patience else { return }
    currentStep += 1
    plateauWatch.waited = 0
    logger.info("Plateau Status: Iteration \(iteration), step = \(currentStep)")
  }

  /// Says which fields of ours are set without effect.
  static func warnings(_ solver: SolverParameter) -> [String] {
    let isPlateau = solver.lrPolicy == PlateauPolicy.name
    let watchesTests = solver.earlyStopTests > 0 || solver.snapshotBest
    let policy = "lr_policy is \"\(solver.lrPolicy)\""
    let fields: [(name: String, isIdle: Bool, reason: String)] = [
      ("warmup_start_lr", solver.hasWarmupStartLr && solver.warmupIter == 0, "warmup_iter is 0"),
      ("min_lr", solver.hasMinLr && !isPlateau && solver.lrPolicy != CosinePolicy.name, policy),
      ("plateau_winsize", !solver.plateauWinsize.isEmpty && !isPlateau, policy),
      (
        "monitor", solver.hasMonitor && !isPlateau && !watchesTests,
        "neither lr_policy \"plateau\" nor early_stop_tests nor snapshot_best is there to watch it"
      ),
      (
        "monitor_min_delta", solver.hasMonitorMinDelta && !isPlateau && !watchesTests,
        "nothing is watched"
      ),
    ]
    return fields.filter(\.isIdle).map { "\($0.name) has no effect: \($0.reason)" }
  }
}
