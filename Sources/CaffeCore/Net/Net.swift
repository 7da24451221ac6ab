public import CaffeProto
public import Logging

/// A directed acyclic graph of layers, from data to loss, that computes values forward and gradients backward.
///
///     let net = try Net(NetDefinition(contentsOf: "lenet.prototxt"), phase: .test, in: .standard())
///     net.blob("data")!.data.mutableValues[0] = 1
///     try net.forward()
///     print(net.blob("prob")!.data.values[0])
///
/// Building a net filters the layers by the net's state, inserts Split layers, sets the layers up in file order, decides
/// which of them run backward, and shares the parameters that bear one name.
public final class Net {
  public let name: String
  public let phase: Phase
  public let logger: Logger
  /// What computes.
  public let engine: any Engine
  /// What the net computes in.
  public let precision: Precision

  /// The layers, in the order in which they run, Split layers included.
  public internal(set) var layers: [LayerNode] = []

  /// Every blob, in the order in which layers produce them.
  public internal(set) var blobs: [Blob] = []
  public internal(set) var blobNames: [String] = []

  /// The blobs that Input layers provide, and those that nobody consumes (in byte order of their names), as indices of `blobs`.
  public internal(set) var inputs: [Int] = []
  public internal(set) var outputs: [Int] = []

  /// Every parameter of every layer, in file order; shared ones appear once for each layer.
  public internal(set) var parameters: [Parameter] = []

  /// The parameters that own their memory: what a solver updates.
  public internal(set) var learnableParameters: [LearnableParameter] = []

  /// Whether passes log the mean magnitude of everything they compute.
  public var logsDebugInfo: Bool

  /// Called with a layer's index around its passes.
  public var beforeForward: [(Int) throws -> Void] = []
  public var afterForward: [(Int) throws -> Void] = []
  public var beforeBackward: [(Int) throws -> Void] = []
  public var afterBackward: [(Int) throws -> Void] = []

  /// Called after each step of a forward pass. Unlike a hook, it does not change what runs: it sees layers that are computed as
  /// one, and values before they are forgotten.
  public var stepObserver: ((ExecutedStep) -> Void)?

  /// Whether every blob keeps its values after a pass in the phase TEST. If not, values that the rest of the pass does not need are
  /// forgotten, which takes less memory and time, and computed again when somebody asks for them.
  public var keepsAllBlobs: Bool {
    get { planning.keepsAllBlobs }
    set { planning.keepsAllBlobs = newValue }
  }

  /// How passes run that infer.
  let planning = Planning()

  /// The definition that the net was built from, after the filter and the insertion of splits.
  public let definition: NetParameter

  /// Builds the net for a state.
  ///
  /// - Throws: `NetError`, with the layer, its place and a way out, for anything that cannot be built.
  public init(_ source: NetDefinition, state: NetState, in environment: NetEnvironment) throws {
    logger = environment.logger
    engine = environment.makeEngine()
    phase = state.phase
    precision = try Self.precision(of: source.parameter, in: phase, environment)
    try engine.use(precision)
    for notice in source.notices { logger.info("\(notice)") }
    var filtered = source.parameter
    filtered.state = state
    let placed = source.parameter.layer.indices.map { index in
      PlacedLayer(
        definition: source.parameter.layer[index],
        location: index < source.locations.count ? source.locations[index] : nil)
    }
    var (kept, leftOut): ([PlacedLayer], [PlacedLayer]) = ([], [])
    for layer in placed {
      if try state.keeps(layer, logger: environment.logger) { kept.append(layer) } else { leftOut.append(layer) }
    }
    filtered.layer = kept.map(\.definition)
    name = filtered.name
    logsDebugInfo = filtered.debugInfo
    logger.info("Initializing net from parameters: \n\(Prototxt.print(filtered))")
    let layers = try SplitInsertion.apply(to: kept, leftOut: leftOut, in: state)
    filtered.layer = layers.map(\.definition)
    definition = filtered

    try NetBuilder(self, environment).build(layers, forcesBackward: filtered.forceBackward)
    logger.info("Network initialization done.")
  }

  /// Builds the net for a phase, a level and stages.
  public convenience init(
    _ source: NetDefinition, phase: Phase, level: Int = 0, stages: [String] = [], in environment: NetEnvironment
  ) throws {
    var state = source.parameter.state
    state.phase = phase
    state.level = Int32(clamping: level)
    state.stage += stages
    try self.init(source, state: state, in: environment)
  }

  private static func precision(
    of definition: NetParameter, in phase: Phase, _ environment: NetEnvironment
  ) throws(NetError) -> Precision {
    let precision = environment.precision ?? Precision(definition.precision)
    guard phase == .test || precision == .float32 else {
      throw NetError(
        "a net of the phase TRAIN computes in float32 only, and is to compute in \(precision.rawValue)",
        remedy: Precision.remedy)
    }
    return precision
  }

  /// The blob of a name.
  public func blob(_ name: String) -> Blob? { blobNames.lastIndex(of: name).map { blobs[$0] } }

  /// The layer of a name.
  public func layer(_ name: String) -> LayerNode? { layers.first { $0.name == name } }
}

extension Net {
  /// A parameter in its place: blob `index` of layer `layer`.
  public struct Parameter {
    public var blob: Blob
    public var layer: Int
    public var index: Int
    /// The name given in the prototxt, or the index as text.
    public var displayName: String
    /// The number of its owner in `learnableParameters`.
    public var learnable: Int
    /// Whether it lives in the memory of another layer's parameter.
    public var isShared: Bool
  }

  /// A parameter with the factors by which its learning differs from the solver's.
  public struct LearnableParameter {
    public var blob: Blob
    var rateFactor: Float?
    var decayFactor: Float?

    /// `lr_mult`, 1 by default.
    public var learningRateMultiplier: Float { rateFactor ?? 1 }
    /// `decay_mult`, 1 by default.
    public var decayMultiplier: Float { decayFactor ?? 1 }
  }
}
