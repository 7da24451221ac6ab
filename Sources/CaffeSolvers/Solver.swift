public import CaffeCore
public import CaffeProto
public import Logging

/// Trains a net by following its gradients downhill, and tests it on the way.
///
///     let solver = try Solver(SolverDefinition(contentsOf: "solver.prototxt"), in: .standard())
///     try solver.solve()
///
/// How a gradient becomes a step is the business of an `UpdateRule`, how far the step goes of a `LearningRatePolicy`.
public final class Solver {
  public internal(set) var definition: SolverParameter
  public let net: Net
  public let testNets: [Net]
  public let logger: Logger

  /// How many updates have been made.
  public internal(set) var iteration = 0

  /// How often the learning rate has dropped (policies step, multistep and plateau).
  public internal(set) var currentStep = 0

  /// What the update rule remembers, as files store it: one blob for each learnable parameter, or, for rules with two values
  /// a weight, all the first values and then all the second.
  public internal(set) var history: [Blob] = []

  /// Asked once an iteration, and before each test batch, for what to do next.
  public var requestedAction: () -> SolverAction = { .none }

  /// Called before the gradients of an iteration are computed, and when they are there.
  public var onStart: [() throws -> Void] = []
  public var onGradientsReady: [() throws -> Void] = []

  /// Told how many iterations of how many are done, after each.
  public var onProgress: ((_ done: Int, _ of: Int) -> Void)?

  /// Whether a stop was requested.
  public internal(set) var wasStopped = false

  /// Whether training ended because `early_stop_tests` tests in a row brought nothing better: then `step` makes no more updates,
  /// until `solve` or `restore` is called.
  public internal(set) var endedEarly = false

  /// What nets that are not trusted may not do.
  let restrictions: Restrictions?
  var policy: any LearningRatePolicy
  var warmUp: WarmUp
  var rule: any UpdateRule
  var regularization: Regularization
  var losses = SmoothedLoss()

  /// What is watched in tests, if anything is, and what was seen there.
  let monitor: TestMonitor?
  var testWatch: Watch
  /// What policy `plateau` has seen.
  var plateauWatch: Watch

  /// Builds the train net and the test nets.
  ///
  /// - Parameter weights: files with commas between them, in place of those that the definition names. They are trusted even
  ///   where the definition is not.
  /// - Throws: `SolverError` for a definition that contradicts itself, or what the nets throw.
  public convenience init(
    _ source: SolverDefinition, startingFrom weights: String = "", in environment: NetEnvironment
  ) throws {
    for notice in source.notices { environment.logger.info("\(notice)") }
    do { try self.init(source.parameter, startingFrom: weights, in: environment) } catch let error as SolverError {
      throw error.located(in: source.file)
    }
  }

  private init(
    _ definition: SolverParameter, startingFrom weights: String, in environment: NetEnvironment
  ) throws {
    logger = environment.logger
    var definition = definition
    restrictions = environment.restrictions
    if !weights.isEmpty { definition.weights = [] }
    try restrictions?.checkSolver(definition)
    if !weights.isEmpty { definition.weights = [weights] }
    self.definition = definition
    logger.info("Initializing solver from parameters: \n\(Prototxt.print(definition))")
    try Self.checkCounts(definition)
    policy = try LearningRatePolicies.make(definition)
    warmUp = try WarmUp(definition)
    rule = try UpdateRules.make(definition)
    regularization = try Regularization(definition)
    if definition.snapshot > 0 || definition.snapshotBest { try Self.probeSnapshotPrefix(definition.snapshotPrefix) }

    let nets = SolverNets(definition, environment)
    net = try nets.makeTrainNet()
    testNets = try nets.makeTestNets()
    try restrictions?.check(history: type(of: rule).historyCount, of: net)
    for _ in 0..<type(of: rule).historyCount {
      history += net.learnableParameters.map { Blob($0.blob.shape) }
    }
    monitor = try TestMonitor.make(definition, testNets: testNets)
    let minDelta = definition.monitorMinDelta
    testWatch = Watch(largerIsBetter: monitor?.largerIsBetter ?? false, minDelta: minDelta)
    plateauWatch = Watch(largerIsBetter: definition.hasMonitor && testWatch.largerIsBetter, minDelta: minDelta)
    for warning in Self.warnings(definition) { logger.warning("\(warning)") }
    logger.info("Solver scaffolding done.")
  }

  /// The learning rate of the coming update. Asking can advance the step of the multistep policy.
  public func learningRate() -> Float {
    let before = currentStep
    let rate = warmUp.rate(of: policy, at: iteration, step: &currentStep)
    if currentStep != before, policy is MultistepPolicy {
      logger.info("MultiStep Status: Iteration \(iteration), step = \(currentStep)")
    }
    return rate
  }

  /// Trains from here, or from a snapshot, to `max_iter`.
  public func solve(resumingFrom snapshot: String? = nil) throws {
    logger.info("Solving \(net.name)")
    logger.info("Learning Rate Policy: \(definition.lrPolicy)")
    wasStopped = false
    endedEarly = false
    if let snapshot { try restore(from: snapshot) }
    try step(Int(definition.maxIter) - iteration)
    if definition.snapshotAfterTrain, !isSnapshotDue || lastSnapshot != iteration { try self.snapshot() }
    if wasStopped {
      logger.info("Optimization stopped early.")
      return
    }
    if definition.display > 0, iteration % Int(definition.display) == 0 {
      losses.add(try net.forward(), keeping: Int(definition.averageLoss))
      logger.info("Iteration \(iteration), loss = \(losses.mean.shortText)")
    }
    // Where training ended early, the test that ended it was of these weights.
    if definition.testInterval > 0, iteration % Int(definition.testInterval) == 0, !endedEarly { try testAll() }
    logger.info("Optimization Done.")
  }

  /// The iteration of the snapshot that was last written or restored.
  var lastSnapshot: Int?
  /// The part of a snapshot that tests change as it was before the test of this iteration, until its update.
  var stateBeforeTest: SolverState?
  /// The losses that a snapshot carried over, for the next `step`.
  var carriedLosses: SmoothedLoss?
}
