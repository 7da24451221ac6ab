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

  /// Copies the stored weights into the layers of the same names.
  ///
  /// The message is used up on the way, so that large models are never in memory twice.
  ///
  /// - Throws: `NetError` when a layer's blobs differ in number or shape.
  @discardableResult
  public func copyWeights(from source: consuming NetParameter) throws(NetError) -> WeightReport {
    var stored = source.layer
    source.layer = []
    return try copyWeights(from: &stored) { try $1.load($0) }
  }

  /// Copies the weights of a file into the layers of the same names, without holding them in memory twice.
  ///
  /// - Throws: `NetError` when a layer's blobs differ in number or shape, or cannot be read.
  @discardableResult
  public func copyWeights(from file: WeightFile) throws(NetError) -> WeightReport {
    var stored = file.definition.parameter.layer
    return try copyWeights(from: &stored) { try $1.load($0, from: file) }
  }

  private func copyWeights(
    from stored: inout [LayerDefinition], load: (BlobProto, Blob) throws -> Void
  ) throws(NetError) -> WeightReport {
    var report = WeightReport()
    for index in stored.indices {
      let name = stored[index].name
      guard let node = layer(name) else {
        logger.info("Ignoring source layer \(name)")
        report.ignored.append(name)
        if !stored[index].blobs.isEmpty { report.unused.append(name) }
        continue
      }
      var blobs: [BlobProto] = []
      swap(&blobs, &stored[index].blobs)
      let targets = node.layer.parameters
      guard targets.count == blobs.count else {
        throw node.located(
          NetError(
            "Incompatible number of blobs for layer \(name)",
            remedy: "the file has \(blobs.count), the net has \(targets.count); rename the layer to learn it anew"))
      }
      for (position, target) in targets.enumerated() {
        guard blobs[position].hasShape(of: target.shape) else {
          throw node.located(Self.shapeMismatch(name, position, blobs[position].shapeText, target.shape))
        }
        do { try load(blobs[position], target) } catch { throw node.located(error) }
        blobs[position] = BlobProto()
      }
      if !targets.isEmpty { report.loaded.append(name) }
    }
    let loaded = Set(report.loaded)
    report.kept = layers.filter { !$0.layer.parameters.isEmpty && !loaded.contains($0.name) }.map(\.name)
    return report
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
