public import CaffeProto

extension Net {
  /// What happened to each layer when weights were loaded.
  public struct WeightReport: Sendable {
    /// Layers that got weights.
    public var loaded: [String] = []
    /// Layers of the file that the net does not have.
    public var ignored: [String] = []
    /// Layers of the file that hold weights and are not in the net.
    public var unused: [String] = []
    /// Layers of the net with parameters that the file does not have: they keep what they had.
    public var kept: [String] = []

    public init() {}

    /// What happened when another file was loaded after this one.
    public mutating func add(_ later: WeightReport) {
      loaded += later.loaded.filter { !loaded.contains($0) }
      ignored += later.ignored
      unused += later.unused
      kept = kept.filter(later.kept.contains)
    }

    /// A line for each kind of layer that there is.
    public var summary: [String] {
      func line(_ names: [String], _ one: String, _ several: String) -> [String] {
        names.isEmpty
          ? [] : ["\(names.count) layer\(names.count == 1 ? one : several): \(names.joined(separator: ", "))"]
      }
      return line(loaded, " takes its weights from the file", "s take their weights from the file")
        + line(
          kept, " is not in the file and starts from its filler", "s are not in the file and start from their fillers")
        + line(unused, " of the file is not in the net", "s of the file are not in the net")
    }
  }

  /// Copies the stored weights into the layers of the same names: the first of a name into the first, the second into the second.
  ///
  /// The message is used up on the way, so that large models are never in memory twice. Nothing is copied from one that does not
  /// fit.
  ///
  /// - Parameter isComplete: whether there must be weights for every layer.
  /// - Throws: `NetError` when a layer's blobs differ in number or shape, or are missing.
  @discardableResult
  public func copyWeights(from source: consuming NetParameter, isComplete: Bool = false) throws(NetError)
    -> WeightReport
  {
    var stored = source.layer
    source.layer = []
    return try copyWeights(from: &stored, isComplete: isComplete) { try $1.load($0) }
  }

  /// Copies the weights of a file into the layers of the same names, without holding them in memory twice.
  ///
  /// - Parameter isComplete: whether there must be weights for every layer.
  /// - Throws: `NetError` when a layer's blobs differ in number or shape, are missing, or cannot be read.
  @discardableResult
  public func copyWeights(from file: WeightFile, isComplete: Bool = false) throws(NetError) -> WeightReport {
    var stored = file.definition.parameter.layer
    return try copyWeights(from: &stored, isComplete: isComplete) { try $1.load($0, from: file) }
  }

  private func copyWeights(
    from stored: inout [LayerDefinition], isComplete: Bool, load: (BlobProto, Blob) throws -> Void
  ) throws(NetError) -> WeightReport {
    var report = WeightReport()
    let matches = try matches(of: stored, &report)
    if isComplete { try requireWeights(matches) }
    for (node, index) in matches {
      var blobs: [BlobProto] = []
      swap(&blobs, &stored[index].blobs)
      for (position, target) in node.layer.parameters.enumerated() {
        do { try load(blobs[position], target) } catch { throw node.located(error) }
        blobs[position] = BlobProto()
      }
    }
    return report
  }

  /// Finds the net's layer for each stored one, and makes sure that the blobs fit.
  private func matches(
    of stored: [LayerDefinition], _ report: inout WeightReport
  ) throws(NetError) -> [(node: LayerNode, stored: Int)] {
    var waiting: [String: [LayerNode]] = [:]
    for node in layers.reversed() { waiting[node.name, default: []].append(node) }
    var matches: [(node: LayerNode, stored: Int)] = []
    for index in stored.indices {
      let name = stored[index].name
      guard let node = waiting[name]?.popLast() else {
        logger.info("Ignoring source layer \(name)")
        report.ignored.append(name)
        if !stored[index].blobs.isEmpty { report.unused.append(name) }
        continue
      }
      try check(stored[index].blobs, for: node)
      matches.append((node, index))
      if !node.layer.parameters.isEmpty { report.loaded.append(name) }
    }
    let loaded = Set(matches.map { ObjectIdentifier($0.node) })
    report.kept = layers.filter { !$0.layer.parameters.isEmpty && !loaded.contains(ObjectIdentifier($0)) }.map(\.name)
    return matches
  }

  private func check(_ blobs: [BlobProto], for node: LayerNode) throws(NetError) {
    let targets = node.layer.parameters
    guard targets.count == blobs.count else {
      throw node.located(
        NetError(
          "Incompatible number of blobs for layer \(node.name)",
          remedy: Self.remedy(for: node, storedBlobs: blobs.count)))
    }
    for (position, target) in targets.enumerated() where !blobs[position].hasShape(of: target.shape) {
      throw node.located(Self.shapeMismatch(node.name, position, blobs[position].shapeText, target.shape))
    }
  }

  /// What to do about another number of blobs in a file.
  package static func remedy(for node: LayerNode, storedBlobs count: Int) -> String {
    if node.type == "BatchNorm", (count, node.layer.parameters.count) == (5, 3) {
      return "the file has scale and bias as well; write batch_norm_param { scale_bias: true }"
    }
    return "the file has \(count), the net has \(node.layer.parameters.count); rename the layer to learn it anew"
  }

  private func requireWeights(_ matches: [(node: LayerNode, stored: Int)]) throws(NetError) {
    let found = Set(matches.map { ObjectIdentifier($0.node) })
    for (index, node) in layers.enumerated() where !found.contains(ObjectIdentifier(node)) {
      guard parameters.contains(where: { $0.layer == index && !$0.isShared }) else { continue }
      throw node.located(Self.missingWeights(of: node.name))
    }
  }

  /// The complaint about a file that must have the weights of every layer.
  public static func missingWeights(of layer: String) -> NetError {
    NetError(
      "the weight file has nothing for layer '\(layer)'",
      remedy: "are these the weights of another net? They must be those of the run that is to go on")
  }

  /// The complaint about stored weights of another shape.
  public static func shapeMismatch(_ layer: String, _ index: Int, _ stored: String, _ target: Shape) -> NetError {
    NetError(
      """
      Cannot copy param \(index) weights from layer '\(layer)'; shape mismatch.  Source param shape is \(stored); target \
      param shape is \(target). To learn this layer's parameters from scratch rather than copying from a saved net, \
      rename the layer.
      """)
  }

  /// Lets the layers of the same names use the other net's weights: one memory from now on.
  ///
  /// - Throws: `NetError` when the blobs differ in number or shape.
  public func shareWeights(with other: Net) throws(NetError) {
    for source in other.layers {
      guard let node = layer(source.name) else {
        logger.info("Ignoring source layer \(source.name)")
        continue
      }
      let sources = source.layer.parameters
      let targets = node.layer.parameters
      guard sources.count == targets.count else {
        throw node.located(NetError("Incompatible number of blobs for layer \(source.name)"))
      }
      for (position, (target, source)) in zip(targets, sources).enumerated() {
        guard target.shape == source.shape else {
          throw node.located(
            NetError(
              """
              Cannot share param \(position) weights from layer '\(node.name)'; shape mismatch.  Source param shape is \
              \(source.shape); target param shape is \(target.shape)
              """))
        }
        target.shareData(of: source)
      }
    }
  }

  /// The net with its weights as a file stores it: every layer's definition, its phase and its blobs.
  public func proto(withDiff: Bool = false) -> NetParameter {
    var proto = NetParameter()
    proto.name = name
    proto.layer = layers.map { node in
      var definition = node.definition
      definition.blobs = node.layer.parameters.map { $0.proto(withDiff: withDiff) }
      return definition
    }
    return proto
  }
}
