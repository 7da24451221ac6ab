public import CaffeProto

/// A layer in its place in a net: what it reads, what it writes, and which gradients it owes.
public final class LayerNode {
  public let name: String
  /// The layer as the file describes it, with what set-up added (phase, default loss weights).
  public internal(set) var definition: LayerDefinition
  public let location: SourceLocation?
  public let layer: any Layer

  /// The blobs below and above, and their numbers in `net.blobs`.
  public internal(set) var bottoms: [Blob] = []
  public internal(set) var tops: [Blob] = []
  public internal(set) var bottomIndices: [Int] = []
  public internal(set) var topIndices: [Int] = []

  /// The share of each top in the net's loss; 0 for most.
  public internal(set) var lossWeights: [Float] = []

  /// Whether a backward pass runs this layer, and what it asks for.
  public internal(set) var needsBackward = false
  public internal(set) var propagation = Propagation(bottoms: [])

  /// Values that this layer overwrites and earlier layers read in their backward passes.
  var overwrites: [OverwrittenValues] = []
  /// Such values that this layer computes: what was kept of them is out of date when it runs.
  var outdates: [OverwrittenValues] = []
  /// Values that this layer reads in its backward pass and a later layer overwrites, by the blob's place among bottoms, then tops.
  var overwrittenLater: [Int: OverwrittenValues] = [:]

  /// Weighted tops that a later layer reads and sends a gradient to, in place of the weight: it is added in the backward pass.
  var addedWeights: [(top: Int, weight: Float)] = []
  /// What a net that is not trusted may not do.
  package internal(set) var restrictions: Restrictions?

  /// Whether the net asks for every gradient, whatever `propagate_down` says.
  var forcesBackward = false

  /// The shapes and memories that the last reshape saw.
  private var seenShapes: [Shape] = []
  private var seenMemory: [ObjectIdentifier] = []
  private var seenParameters: [ObjectIdentifier] = []
  /// The tops for some items of the batch that the layer is prepared for, instead of for its own.
  private var partialTops: [Blob] = []

  init(_ placed: PlacedLayer, layer: any Layer) {
    name = placed.definition.name
    definition = placed.definition
    location = placed.location
    self.layer = layer
  }

  public var type: String { Swift.type(of: layer).type }

  /// Lets the layer reshape its tops, unless nothing changed since it last did.
  ///
  /// - Parameters:
  ///   - preparing: whether the layer is going to run. If not, only the shapes of the tops count.
  ///   - check: looks at the tops before memory is taken for them.
  func reshapeIfNeeded(
    preparing: Bool = true, check: (([Blob]) throws -> Void)? = nil
  ) throws {
    if !Swift.type(of: layer).reshapesEveryPass, isUnchanged, !preparing || partialTops.isEmpty { return }
    partialTops = []
    // A layer that refuses its new shapes may be prepared for half of them: it must be asked again, even for the old ones.
    let (shapes, memory) = (seenShapes, seenMemory)
    seenShapes = []
    try layer.reshape(bottoms, tops)
    separateCutGradients()
    (seenShapes, seenMemory) = (shapes, memory)
    if isUnchanged { return }
    try (check ?? checkSizes)(tops)
    seedLosses()
    seenShapes = (bottoms + tops).map(\.shape)
    seenMemory = (bottoms + tops).map { ObjectIdentifier($0.data) }
    seenParameters = layer.parameters.map { ObjectIdentifier($0.data) }
  }

  /// Gives tops that are views of a bottom a gradient of their own where `propagate_down: false` cuts them off.
  private func separateCutGradients() {
    guard !definition.propagateDown.isEmpty, !forcesBackward else { return }
    for (bottom, propagates) in zip(bottoms, definition.propagateDown) where !propagates {
      for top in tops where top !== bottom && top.diff === bottom.diff { top.shareDiff(of: Blob(top.shape)) }
    }
  }

  /// Runs the layer, whose tops have their shapes.
  func forward() throws {
    if !partialTops.isEmpty { try reshapeIfNeeded() }
    try layer.forward(bottoms, tops)
  }

  /// Runs the layer with every value kept that a backward pass needs.
  func forwardKeepingValues() throws {
    if losesSeed { seedLosses() }
    for values in outdates { values.discard() }
    for values in overwrites { values.keep() }
    try layer.forward(bottoms, tops)
  }

  /// Computes the gradients from the values that the forward pass saw.
  func backward() throws {
    for (index, weight) in addedWeights {
      let gradient = tops[index].diff.mutableValues
      for i in gradient.indices { gradient[i] += weight }
    }
    guard !overwrittenLater.isEmpty else { return try layer.backward(tops, bottoms, propagate: propagation) }
    let blobs = (bottoms + tops).enumerated().map { index, blob in
      guard let values = overwrittenLater[index], values.areKept else { return blob }
      return values.restored(blob)
    }
    try layer.backward(
      Array(blobs[bottoms.count...]), Array(blobs[..<bottoms.count]), propagate: propagation)
  }

  /// Runs the layer on other blobs, for some items of the batch.
  func forward(_ bottoms: [Blob], _ tops: [Blob]) throws {
    if !partialTops.elementsEqual(tops, by: ===) {
      partialTops = []
      let shapes = seenShapes
      seenShapes = []
      try layer.reshape(bottoms, tops)
      seenShapes = shapes
      partialTops = tops
    }
    try layer.forward(bottoms, tops)
  }

  /// Makes sure that the tops can be, and that those of a net that is not trusted stay within its limit.
  private func checkSizes(_ tops: [Blob]) throws {
    try MemoryCount(restrictions, hasGradients: false).add(tops, for: "the layer")
  }

  /// The blobs around the layer with the shapes that they had when it was last reshaped.
  var settledShapes: [(blob: Blob, shape: Shape)] {
    let blobs = bottoms + tops
    return seenShapes.count == blobs.count ? Array(zip(blobs, seenShapes)) : []
  }

  private var isUnchanged: Bool {
    guard seenShapes.count == bottoms.count + tops.count else { return false }
    for (index, blob) in bottoms.enumerated() where !isSeen(blob, at: index) { return false }
    for (index, blob) in tops.enumerated() where !isSeen(blob, at: bottoms.count + index) { return false }
    for (parameter, seen) in zip(layer.parameters, seenParameters) where ObjectIdentifier(parameter.data) != seen {
      return false
    }
    return true
  }

  private func isSeen(_ blob: Blob, at index: Int) -> Bool {
    blob.shape == seenShapes[index] && ObjectIdentifier(blob.data) == seenMemory[index]
  }

  /// Whether the layer's own backward pass overwrites the gradient of a weighted top: in place, or through a view.
  private var losesSeed: Bool {
    weighsInLoss
      && zip(tops, lossWeights).contains { top, weight in weight != 0 && bottoms.contains { $0.diff === top.diff } }
  }

  /// The gradient of the net's loss with respect to a weighted top is its weight, everywhere: this starts backward.
  func seedLosses() {
    for (top, weight) in zip(tops, lossWeights) where weight != 0 {
      top.diff.uninitializedValues.update(repeating: weight)
    }
  }

  /// The layer's share of the net's loss after a forward pass.
  var loss: Float {
    var total: Double = 0
    for (top, weight) in zip(tops, lossWeights) where weight != 0 {
      guard let values = top.data.values.baseAddress else { continue }
      total += Double(weight) * Double(sum(values, count: top.count))
    }
    return Float(total)
  }

  /// Whether a top has a share in the net's loss, for which its values must be there after the layer has run.
  var weighsInLoss: Bool { lossWeights.contains { $0 != 0 } }

  /// Adds the layer's name and place to what it threw.
  package func located(_ error: any Error) -> NetError {
    var located = (error as? NetError) ?? NetError("\(error)")
    guard located.layer == nil else { return located }
    located.layer = name
    located.layerType = type
    located.location = location
    located.bottomShapes = bottoms.map(\.shape)
    return located
  }
}
