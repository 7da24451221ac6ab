import Caffe
public import CaffeCore
import CaffeProto

/// A random net while it is made: the layers so far, and the blobs that further layers may read.
public struct RandomNetDraft {
  /// A blob that layers may read.
  public struct Entry {
    public var name: String
    public var shape: Shape
    /// Real numbers with a gradient; labels, masks and positions are not.
    public var isReal = true
    /// Known to be 0 or more.
    public var isNonNegative = false
    /// How many layers read it. One that was read already must not be overwritten.
    public var readers = 0
    /// Whether an Input made it.
    public var isInput = false
    /// Whether other blobs may lie in the same memory, which a layer in place would overwrite.
    public var isView = false
  }

  public var random: Random
  public private(set) var entries: [Entry] = []
  public private(set) var definition = NetParameter()
  private let registry: LayerRegistry
  private var names = 0
  private var inputs: [LayerDefinition] = []
  /// Named parameters, which layers with one of the same shape may share.
  private var named: [(shape: Shape, spec: ParamSpec)] = []

  init(seed: UInt64, registry: LayerRegistry) {
    random = Random(seed: seed, stream: 1)
    self.registry = registry
    definition.name = "random"
    definition.forceBackward = random.bernoulli(0.4)
  }

  // MARK: Choices

  public mutating func choose<Choice>(_ choices: [Choice]) -> Choice { choices[random.below(choices.count)] }
  public mutating func chance(_ probability: Float) -> Bool { random.bernoulli(probability) }

  mutating func choice(weighted weights: [Int]) -> Int {
    var rest = random.below(weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      if rest < weight { return index }
      rest -= weight
    }
    return 0
  }

  /// A blob that satisfies the condition, the newest most often.
  public mutating func pick(_ condition: (Entry) -> Bool = { _ in true }) -> Entry? {
    let candidates = entries.filter { $0.isReal && condition($0) }
    guard let last = candidates.last else { return nil }
    return chance(0.6) ? last : choose(candidates)
  }

  // MARK: Inputs

  mutating func addInputs() {
    let batch = chance(0.02) ? 0 : choose([1, 1, 2, 2, 3, 4, 5])
    for _ in 0..<choose([1, 1, 1, 2, 3]) { _ = input(.real, Shape([batch] + restOfShape())) }
  }

  private mutating func restOfShape() -> [Int] {
    let channels = choose([1, 2, 3, 4, 5, 7, 8, 13, 16, 16, 17, 20, 32, 32, 48])
    switch random.below(20) {
    case 0: return [channels]
    case 1, 2: return [channels, choose([1, 2, 5, 7])]
    case 3: return [channels, choose([1, 3, 4]), choose([2, 5]), choose([1, 3, 4])]
    case 4: return [choose([16, 32, 64]), choose([9, 14, 16]), choose([9, 14, 15])]
    default: return [channels, choose([1, 2, 3, 5, 6, 7, 8, 11]), choose([1, 2, 4, 5, 7, 8, 9])]
    }
  }

  /// An input of the net, of which no gradient is asked unless it is real.
  mutating func input(_ kind: RandomInput, _ shape: Shape) -> Entry {
    let name = kind.prefix + "\(names)"
    names += 1
    var layer = LayerDefinition()
    (layer.name, layer.type, layer.top) = (name, "Input", [name])
    layer.inputParam.shape = [BlobShape.with { $0.dim = shape.dimensions.map(Int64.init) }]
    inputs.append(layer)
    let entry = Entry(name: name, shape: shape, isReal: kind.isReal, isNonNegative: !kind.isReal, isInput: true)
    entries.append(entry)
    return entry
  }

  // MARK: Layers

  /// Adds a layer of this type, if anything suits it.
  mutating func add(_ kind: RandomLayer) {
    let before = (entries, inputs, names)
    guard let proposal = kind.propose(&self), add(kind.type, proposal) else {
      (entries, inputs, names) = before
      return
    }
  }

  private mutating func add(_ type: String, _ proposal: RandomLayer.Proposal) -> Bool {
    guard let layerType = registry[type],
      var layer = try? NetDefinition(text: "layer { type: '\(type)' \(proposal.settings) }", file: type).parameter.layer
        .first
    else { preconditionFailure("the settings of \(type) are no prototxt: \(proposal.settings)") }
    layer.name = "\(type.lowercased())\(names)"
    layer.bottom = proposal.bottoms.map(\.name)
    let first = proposal.bottoms.first
    let isInPlace =
      proposal.worksInPlace && layerType.worksInPlace && first?.readers == 0
      && proposal.bottoms.count { $0.name == first?.name } == 1
      && first?.isView == false && (first?.isInput == false || chance(0.1)) && chance(0.5)
    layer.top = (0..<proposal.tops.count).map { index in
      names += 1
      return index == 0 && isInPlace ? layer.bottom[0] : "b\(names)"
    }
    guard let shapes = shapes(of: layer, layerType, proposal.bottoms.map(\.shape), isInPlace: isInPlace),
      shapes.tops.allSatisfy({ $0.count <= 40_000 })
    else { return false }
    decorate(&layer, layerType, proposal, shapes.parameters)
    for bottom in proposal.bottoms { note(reader: bottom.name) }
    for ((name, shape), top) in zip(zip(layer.top, shapes.tops), proposal.tops) {
      entries.removeAll { $0.name == name }
      entries.append(
        Entry(
          name: name, shape: shape, isReal: top != .marks, isNonNegative: top == .nonNegative,
          isView: layerType.isLoss
            || ["Split", "Reshape", "Flatten", "Slice", "Concat", "Parameter", "DummyData"].contains(type)))
    }
    definition.layer.append(layer)
    return true
  }

  private mutating func note(reader name: String) {
    for index in entries.indices where entries[index].name == name { entries[index].readers += 1 }
  }

  /// The shapes of the tops and of the learned blobs; nil if the layer refuses its bottoms or its settings.
  private func shapes(
    of layer: LayerDefinition, _ type: any Layer.Type, _ bottoms: [Shape], isInPlace: Bool
  ) -> (tops: [Shape], parameters: [Shape])? {
    var definition = layer
    definition.phase = .train
    let context = LayerContext(
      phase: .train, engine: ReferenceEngine(), registry: registry, seed: 1,
      logger: NetEnvironment.forTesting(registry: registry, engine: .reference).logger)
    let bottoms = bottoms.map { Blob($0) }
    let tops = layer.top.indices.map { $0 == 0 && isInPlace ? bottoms[0] : Blob() }
    guard let instance = try? type.init(definition, in: context),
      (try? instance.setUp(bottoms, tops)) != nil, (try? instance.reshape(bottoms, tops)) != nil
    else { return nil }
    return (tops.map(\.shape), instance.parameters.map(\.shape))
  }

  /// What any layer may have: frozen and shared parameters, `propagate_down`, a weight in the loss.
  private mutating func decorate(
    _ layer: inout LayerDefinition, _ type: any Layer.Type, _ proposal: RandomLayer.Proposal, _ parameters: [Shape]
  ) {
    if proposal.parameters > 0, chance(0.3) {
      let frozen = (0..<random.below(proposal.parameters) + 1).map { _ in chance(0.5) }
      layer.param = frozen.map { isFrozen in ParamSpec.with { $0.lrMult = isFrozen ? 0 : 1 } }
    }
    if proposal.parameters > 0, chance(0.2) { shareParameters(&layer, parameters) }
    if proposal.stopsGradients {
      layer.propagateDown = proposal.bottoms.map { _ in false }
    } else if !type.isLoss, chance(0.04) {
      layer.propagateDown = proposal.bottoms.map { $0.isReal && chance(0.5) }
    }
    if type.isLoss, chance(0.4) {
      layer.lossWeight = [choose([0.3, 2, 1])] + layer.top.dropFirst().map { _ in 0 }
    } else if !type.isLoss, proposal.tops.first != .marks, layer.top.first != layer.bottom.first, chance(0.05) {
      layer.lossWeight = [0.1] + layer.top.dropFirst().map { _ in 0 }
    }
  }

  /// Gives learned blobs names, some of which have been given before.
  private mutating func shareParameters(_ layer: inout LayerDefinition, _ shapes: [Shape]) {
    for (index, shape) in shapes.enumerated() where chance(0.7) {
      while layer.param.count <= index { layer.param.append(ParamSpec()) }
      let fitting = named.filter { $0.shape == shape }
      if !fitting.isEmpty, chance(0.8) {
        layer.param[index] = choose(fitting).spec
      } else {
        layer.param[index].name = "w\(named.count)"
        named.append((shape, layer.param[index]))
      }
    }
  }

  /// Lets what nobody reads end in a loss, mostly.
  mutating func addLosses() {
    for entry in entries where entry.readers == 0 && !entry.isInput {
      let isLoss = definition.layer.contains { $0.top.contains(entry.name) && (registry[$0.type]?.isLoss ?? false) }
      guard entry.isReal, !isLoss, entry.shape.rank > 0, !chance(0.12) else {
        if !isLoss, chance(0.5) { _ = add("Silence", .init("", [entry], tops: [])) }
        continue
      }
      let target = input(.real, entry.shape)
      _ = add("EuclideanLoss", .init("", [entry, target], tops: [.real]))
    }
    let used = Set(definition.layer.flatMap(\.bottom))
    definition.layer = inputs.filter { used.contains($0.name) } + definition.layer
  }
}
