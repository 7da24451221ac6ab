public import Logging

/// What a net is built with besides its definition.
public struct NetEnvironment {
  public var registry: LayerRegistry
  /// Makes the engine that computes; each net gets one of its own.
  public var makeEngine: () -> any Engine
  /// The root of all random numbers of the net.
  public var seed: UInt64
  /// Which of several solvers the net belongs to, and how many there are.
  public var rank: Int
  public var solverCount: Int
  public var logger: Logger
  /// What nets that infer compute in, whatever their definition says; nil leaves it to that.
  public var precision: Precision?
  /// What a net that is not trusted may not do; nil for one that is.
  public var restrictions: Restrictions?

  public init(
    registry: LayerRegistry, seed: UInt64 = 0, rank: Int = 0, solverCount: Int = 1,
    logger: Logger = Logger(label: "caffe"), makeEngine: @escaping () -> any Engine = { ReferenceEngine() }
  ) {
    self.registry = registry
    self.makeEngine = makeEngine
    self.seed = seed
    self.rank = rank
    self.solverCount = solverCount
    self.logger = logger
  }
}
