public import CaffeProto
public import Logging

/// What a layer may know of the world around it.
public struct LayerContext {
  public var phase: Phase
  public var logger: Logger
  /// The seed of this layer's own random numbers, different for each layer of a net.
  public var seed: UInt64
  /// Which of several solvers the net belongs to, and how many there are.
  public var rank: Int
  public var solverCount: Int
  /// The types that nets inside a layer may use.
  public var registry: LayerRegistry
  /// What computes. The prototxt has no say in it: `engine: CAFFE` in published files means "not cuDNN", nothing else.
  public let engine: any Engine
  /// What the net may not do, if it is not trusted.
  public var restrictions: Restrictions?

  public init(
    phase: Phase, engine: any Engine, registry: LayerRegistry, seed: UInt64, rank: Int = 0, solverCount: Int = 1,
    logger: Logger = Logger(label: "caffe")
  ) {
    self.phase = phase
    self.registry = registry
    self.seed = seed
    self.rank = rank
    self.solverCount = solverCount
    self.logger = logger
    self.engine = engine
  }

  /// The context of another layer of the same net.
  public func withSeed(_ seed: UInt64) -> LayerContext {
    var context = self
    context.seed = seed
    return context
  }
}
