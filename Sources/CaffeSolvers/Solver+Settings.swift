internal import CaffeCore
public import CaffeProto

extension Solver {
  /// Changes settings in the course of training: rates and their policy, momentum, decay, counts, intervals, snapshots, tests, logs.
  ///
  /// - Throws: `SolverError` for values that cannot be, and for settings by which the solver was built; then nothing is changed.
  public func change(to changed: SolverParameter) throws {
    guard changed.testIter.count == definition.testIter.count,
      Self.withoutChangeable(changed) == Self.withoutChangeable(definition)
    else {
      throw SolverError(
        "a solver that is built keeps its nets, type, random_seed, weights, monitor and number of test_iter",
        remedy: "Write them into the solver file, or into a copy of it, and build a solver of that.")
    }
    try Self.checkCounts(changed)
    guard testNets.isEmpty || changed.testInterval > 0 else {
      throw SolverError("test_interval must be greater than 0 where there is a test net")
    }
    let policy = try LearningRatePolicies.make(changed)
    let warmUp = try WarmUp(changed)
    let rule = try UpdateRules.make(changed)
    let regularization = try Regularization(changed)
    if changed.snapshot > 0,
      changed.snapshot != definition.snapshot || changed.snapshotPrefix != definition.snapshotPrefix
    {
      try Self.probeSnapshotPrefix(changed.snapshotPrefix)
    }
    (self.policy, self.warmUp, self.rule, self.regularization) = (policy, warmUp, rule, regularization)
    for net in testNets { net.logsDebugInfo = changed.debugInfo }
    definition = changed
  }

  /// Takes the definition of the solver of which this one is a copy, built of the nets themselves rather than of their files.
  package func adoptDefinition(_ original: SolverParameter) { definition = original }

  /// What holds for counts and rates in any definition.
  static func checkCounts(_ definition: SolverParameter) throws(SolverError) {
    guard definition.averageLoss >= 1 else {
      throw SolverError("average_loss should be non-negative: it is \(definition.averageLoss), but must be at least 1")
    }
    guard definition.iterSize >= 1 else {
      throw SolverError("iter_size is \(definition.iterSize), but must be at least 1")
    }
    if let count = definition.testIter.first(where: { $0 < 1 }) {
      throw SolverError("test_iter is \(count), but must be at least 1")
    }
    guard definition.baseLr.isFinite else { throw SolverError("base_lr is \(definition.baseLr), which is no rate") }
  }

  /// The definition without the settings that may change.
  private static func withoutChangeable(_ definition: SolverParameter) -> SolverParameter {
    var fixed = definition
    fixed.clearBaseLr()
    fixed.clearLrPolicy()
    fixed.clearGamma()
    fixed.clearPower()
    fixed.clearStepsize()
    fixed.stepvalue = []
    fixed.plateauWinsize = []
    fixed.clearWarmupIter()
    fixed.clearWarmupStartLr()
    fixed.clearMinLr()
    fixed.clearMomentum()
    fixed.clearMomentum2()
    fixed.clearRmsDecay()
    fixed.clearDelta()
    fixed.clearWeightDecay()
    fixed.clearRegularizationType()
    fixed.clearClipGradients()
    fixed.clearMaxIter()
    fixed.clearIterSize()
    fixed.clearAverageLoss()
    fixed.clearDisplay()
    fixed.clearDebugInfo()
    fixed.clearTestInterval()
    fixed.testIter = []
    fixed.clearTestComputeLoss()
    fixed.clearTestInitialization()
    fixed.clearSnapshot()
    fixed.clearSnapshotPrefix()
    fixed.clearSnapshotDiff()
    fixed.clearSnapshotFormat()
    fixed.clearSnapshotAfterTrain()
    fixed.clearLayerWiseReduce()
    return fixed
  }
}
