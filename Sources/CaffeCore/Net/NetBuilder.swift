internal import CaffeProto

/// Sets up the layers of a net, one after the other, and wires them.
struct NetBuilder {
  private let net: Net
  private let environment: NetEnvironment

  /// The blobs that may be consumed: the newest of each name, and whether its gradient is wanted.
  private var available: [String: Int] = [:]
  private var unconsumed: Set<String> = []
  private var needsGradient: [Bool] = []
  private var sharing = ParameterSharing()
  private var bytes = 0
  private let memory: MemoryCount

  init(_ net: Net, _ environment: NetEnvironment) {
    self.net = net
    self.environment = environment
    memory = MemoryCount(environment.restrictions, hasGradients: net.phase == .train)
  }

  consuming func build(_ layers: [PlacedLayer], forcesBackward: Bool) throws {
    for (index, placed) in layers.enumerated() {
      do { try add(placed, index, forcesBackward) } catch let error as NetError {
        throw error.located(placed, bottoms: bottomShapes(of: placed))
      } catch { throw NetError("\(error)").located(placed, bottoms: bottomShapes(of: placed)) }
    }
    BackwardPlan.decide(for: net, forcesBackward: forcesBackward)
    for name in unconsumed.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      net.logger.info("This network produces output \(name)")
      net.outputs.append(available[name]!)
    }
    sharing.apply(to: net)
    OverwrittenValues.find(in: net)
  }

  private mutating func add(_ placed: PlacedLayer, _ index: Int, _ forcesBackward: Bool) throws {
    var placed = placed
    if !placed.definition.hasPhase { placed.definition.phase = net.phase }
    let definition = placed.definition
    guard definition.propagateDown.isEmpty || definition.propagateDown.count == definition.bottom.count else {
      throw NetError("propagate_down param must be specified either 0 or bottom_size times ")
    }
    net.logger.info("Creating layer \(definition.name)")
    let type = try environment.registry.type(named: definition.type)
    try checkTrust(definition, type)
    var context = LayerContext(
      phase: definition.phase, engine: net.engine, registry: environment.registry,
      seed: Random.seed(environment.seed, part: UInt64(index)), rank: environment.rank,
      solverCount: environment.solverCount, logger: net.logger)
    context.restrictions = environment.restrictions
    let node = LayerNode(placed, layer: try type.init(definition, in: context))
    node.restrictions = environment.restrictions
    node.forcesBackward = forcesBackward
    net.logger.info("Creating Layer \(definition.name)")

    connectBottoms(of: node)
    try connectTops(of: node, type)
    try checkCounts(of: node, type)
    try setLossWeights(of: node, type)
    do {
      try node.layer.setUp(node.bottoms, node.tops)
      let purpose = "the net, up to layer '\(node.name)',"
      try memory.add(node.layer.parameters, for: purpose)
      try node.reshapeIfNeeded { [memory] tops in try memory.add(tops, for: purpose) }
      try net.checkEngine()
    } catch { throw node.located(error) }
    net.logger.info("Setting up \(definition.name)")
    logTops(of: node)

    // What runs backward is decided by the parameters as they are written.
    let written = definition.param
    node.propagation.parameters = node.layer.parameters.indices.map { $0 >= written.count || written[$0].lrMult != 0 }
    type.complete(&node.definition)
    try sharing.addParameters(of: node, index, to: net)
    let learns = node.propagation.parameters.contains(true)
    node.needsBackward = learns || node.bottomIndices.contains { needsGradient[$0] }
    if node.needsBackward { for top in node.topIndices { needsGradient[top] = true } }
    net.layers.append(node)
  }

  /// Makes sure that a net that is not trusted brings no code and names no files outside of its folder.
  private func checkTrust(_ definition: LayerDefinition, _ type: any Layer.Type) throws(NetError) {
    guard let restrictions = environment.restrictions else { return }
    guard !type.runsCodeOfNet else {
      throw NetError(
        "a \(definition.type) layer runs code that comes with the net, and the net is not trusted",
        remedy: "trust the net if you know where it comes from")
    }
    for file in definition.files { try restrictions.check(file) }
  }

  private func bottomShapes(of placed: PlacedLayer) -> [Shape] {
    placed.definition.bottom.compactMap { name in available[name].map { net.blobs[$0].shape } }
  }

  private mutating func connectBottoms(of node: LayerNode) {
    for (position, name) in node.definition.bottom.enumerated() {
      // Split insertion has made sure that each bottom has a producer.
      let blob = available[name]!
      net.logger.info("\(node.name) <- \(name)")
      unconsumed.remove(name)
      node.bottoms.append(net.blobs[blob])
      node.bottomIndices.append(blob)
      let propagateDown = node.definition.propagateDown
      node.propagation.bottoms.append(propagateDown.isEmpty ? needsGradient[blob] : propagateDown[position])
    }
  }

  private mutating func connectTops(of node: LayerNode, _ type: any Layer.Type) throws {
    let definition = node.definition
    for (position, name) in definition.top.enumerated() {
      if position < definition.bottom.count, definition.bottom[position] == name, let blob = available[name] {
        guard type.worksInPlace else {
          throw NetError(
            "\(definition.type) Layer does not allow in-place computation.", remedy: "give the top a name of its own")
        }
        net.logger.info("\(node.name) -> \(name) (in-place)")
        node.tops.append(net.blobs[blob])
        node.topIndices.append(blob)
      } else if available[name] != nil {
        throw NetError(
          "Top blob '\(name)' produced by multiple sources.",
          remedy: "rename this layer's top, or make it work in place by naming the same blob as bottom and top")
      } else {
        net.logger.info("\(node.name) -> \(name)")
        addBlob(name, to: node)
        available[name] = node.topIndices.last
      }
      unconsumed.insert(name)
      if definition.type == "Input" { net.inputs.append(node.topIndices.last!) }
    }
    guard type.isLoss else { return }
    while node.tops.count < type.topCount.least {
      net.logger.info("\(node.name) -> (automatic)")
      addBlob("(automatic)", to: node)
    }
  }

  private mutating func addBlob(_ name: String, to node: LayerNode) {
    let blob = Blob()
    node.tops.append(blob)
    node.topIndices.append(net.blobs.count)
    net.blobs.append(blob)
    net.blobNames.append(name)
    needsGradient.append(false)
  }

  private func checkCounts(of node: LayerNode, _ type: any Layer.Type) throws {
    let name = node.definition.type
    let bottoms = node.bottoms.count
    let tops = node.tops.count
    let complaint =
      type.bottomCount.complaint(about: bottoms, type: name, verb: "takes", noun: "bottom blob(s) as input")
      ?? type.topCount.complaint(about: tops, type: name, verb: "produces", noun: "top blob(s) as output")
    if let complaint { throw NetError(complaint, remedy: "the layer has \(bottoms) bottoms and \(tops) tops") }
    if type.hasOneTopForEachBottom, bottoms != tops {
      throw NetError("\(name) Layer produces one top blob as output for each bottom blob input.")
    }
  }

  private func setLossWeights(of node: LayerNode, _ type: any Layer.Type) throws {
    if type.isLoss, node.definition.lossWeight.isEmpty {
      node.definition.lossWeight = [1] + Array(repeating: 0, count: node.tops.count - 1)
    }
    let weights = node.definition.lossWeight
    guard weights.isEmpty || weights.count == node.tops.count else {
      throw NetError("loss_weight must be unspecified or specified once per top blob.")
    }
    node.lossWeights = weights.isEmpty ? Array(repeating: 0, count: node.tops.count) : weights
  }

  private mutating func logTops(of node: LayerNode) {
    for (top, weight) in zip(node.tops, node.lossWeights) {
      net.logger.info("Top shape: \(top.shape)")
      if weight != 0 { net.logger.info("    with loss weight \(weight.shortText)") }
      bytes += top.count * MemoryLayout<Float>.stride
    }
    net.logger.info("Memory required for data: \(bytes)")
  }
}

extension NetError {
  func located(_ placed: PlacedLayer, bottoms: [Shape] = []) -> NetError {
    guard layer == nil else { return self }
    var error = self
    error.layer = placed.definition.name
    error.layerType = placed.definition.type
    error.location = placed.location
    error.bottomShapes = bottoms
    return error
  }
}

extension Float {
  /// A number as C++ streams print it: six significant digits, no needless zeros.
  public var shortText: String { FloatText.sixDigits(Double(self)) }
}
