import Caffe
public import CaffeCore
public import CaffeProto

/// A layer outside of any net, and what to feed it: what `LayerContract` and `GradientCheck` examine.
///
///     LayerTrial(LayerDefinition.with { $0.type = "LRN" }, bottoms: [[2, 7, 3, 3]])
public struct LayerTrial {
  public var definition: LayerDefinition
  public var bottoms: [TrialBottom]
  public var phase = Phase.train
  /// Whether the first top is the first bottom.
  public var isInPlace = false
  /// The bottoms that get a gradient; nil for those to which `force_backward` may go.
  public var differentiableBottoms: [Int]?
  public var seed: UInt64 = 1701
  public var registry = LayerRegistry.standard

  public init(_ definition: LayerDefinition, bottoms: [TrialBottom]) {
    self.definition = definition
    self.bottoms = bottoms
  }

  /// What messages call the layer.
  var subject: String { definition.name.isEmpty ? definition.type : definition.name }
}

/// The shape of a bottom and where its values come from; as an array literal, a shape with normally distributed values.
public struct TrialBottom: ExpressibleByArrayLiteral, Sendable {
  public var shape: Shape
  /// Gives the values of a bottom of any size.
  public var values: @Sendable (_ count: Int, _ random: inout Random) -> [Float]

  public init(_ shape: Shape, values: @escaping @Sendable (_ count: Int, _ random: inout Random) -> [Float]) {
    self.shape = shape
    self.values = values
  }

  public init(arrayLiteral dimensions: Int...) { self = .gaussian(Shape(dimensions)) }

  /// N(`mean`, `deviation`).
  public static func gaussian(_ shape: Shape, mean: Float = 0, deviation: Float = 1) -> TrialBottom {
    TrialBottom(shape) { count, random in (0..<count).map { _ in mean + deviation * random.gaussian() } }
  }

  /// U(`low`, `high`).
  public static func uniform(_ shape: Shape, _ low: Float, _ high: Float) -> TrialBottom {
    TrialBottom(shape) { count, random in (0..<count).map { _ in random.uniform(low, high) } }
  }

  /// Whole numbers in 0 ..< `bound`, such as the labels of so many classes.
  public static func labels(_ shape: Shape, below bound: Int) -> TrialBottom {
    TrialBottom(shape) { count, random in (0..<count).map { _ in Float(random.below(bound)) } }
  }

  /// These values, over and over.
  public static func values(_ shape: Shape, _ values: [Float]) -> TrialBottom {
    TrialBottom(shape) { count, _ in (0..<count).map { values[$0 % values.count] } }
  }
}

/// A layer that was set up, with its blobs.
final class LoneLayer {
  let layer: any Layer
  let bottoms: [Blob]
  let tops: [Blob]
  let differentiableBottoms: [Int]

  /// Sets the layer up with bottoms of the given shapes.
  init(_ trial: LayerTrial, shapes: [Shape], engine: EngineChoice) throws {
    guard let type = trial.registry[trial.definition.type] else {
      throw NetError("Unknown layer type: \(trial.definition.type)")
    }
    var definition = trial.definition
    definition.phase = trial.phase
    let context = LayerContext(
      phase: trial.phase, engine: engine.make(), registry: trial.registry, seed: Random.seed(trial.seed, part: 0),
      logger: NetEnvironment.forTesting(registry: trial.registry, engine: engine).logger)
    layer = try type.init(definition, in: context)
    bottoms = zip(shapes, LoneLayer.values(of: trial, shapes: shapes)).map { Blob($0, $1) }
    let least = type.hasOneTopForEachBottom ? bottoms.count : type.topCount.least
    let fresh = (0..<max(least, definition.top.count)).map { _ in Blob() }
    tops = trial.isInPlace ? [bottoms[0]] + fresh.dropFirst() : fresh
    let layer = self.layer
    differentiableBottoms = trial.differentiableBottoms ?? bottoms.indices.filter(layer.allowsForcedBackward)
    try layer.setUp(bottoms, tops)
    try layer.reshape(bottoms, tops)
  }

  /// The values for bottoms of these shapes: the same for the same trial.
  static func values(of trial: LayerTrial, shapes: [Shape]) -> [[Float]] {
    zip(trial.bottoms, shapes).enumerated().map { index, bottom in
      var random = Random(seed: trial.seed, stream: UInt64(1 + index))
      return bottom.0.values(bottom.1.count, &random)
    }
  }

  /// Gives bottoms new shapes and values.
  func feed(_ shapes: [Shape], _ values: [[Float]]) {
    for (bottom, (shape, values)) in zip(bottoms, zip(shapes, values)) {
      bottom.reshape(to: shape)
      _ = bottom.data.uninitializedValues.update(from: values)
    }
  }

  /// Forward as a net does it, with the same random numbers every time.
  func forward() throws {
    if let stateful = layer as? any StatefulLayer { try stateful.restore(seed: stateful.seed, position: 0) }
    try layer.reshape(bottoms, tops)
    try layer.forward(bottoms, tops)
  }

  /// Puts gradients on the tops and runs backward.
  func backward(_ topDiffs: [[Float]], bottoms propagated: [Int]? = nil, parameters: Bool = true) throws {
    for (top, values) in zip(tops, topDiffs) { _ = top.diff.uninitializedValues.update(from: values) }
    let wanted = propagated ?? differentiableBottoms
    try layer.backward(
      tops, bottoms,
      propagate: Propagation(
        bottoms: bottoms.indices.map(wanted.contains), parameters: layer.parameters.map { _ in parameters }))
  }

  /// Gradients for the tops: the same for the same trial and shapes.
  func makeTopDiffs(seed: UInt64) -> [[Float]] {
    tops.enumerated().map { index, top in
      var random = Random(seed: seed, stream: UInt64(1000 + index))
      return (0..<top.count).map { _ in random.uniform(0.5, 1.5) * (random.bernoulli(0.5) ? 1 : -1) }
    }
  }

  var topValues: [[Float]] { tops.map { Array($0.data.values) } }
  var bottomValues: [[Float]] { bottoms.map { Array($0.data.values) } }
  var bottomDiffs: [[Float]] { bottoms.map { Array($0.diff.values) } }
  var parameterDiffs: [[Float]] { layer.parameters.map { Array($0.diff.values) } }
}
