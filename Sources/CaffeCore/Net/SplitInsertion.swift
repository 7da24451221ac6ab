internal import CaffeProto

/// A layer's definition and where it was read.
struct PlacedLayer {
  var definition: LayerDefinition
  var location: SourceLocation?
}

/// Inserts a Split layer behind every top that several layers consume, so that each of them has a gradient of its own.
///
/// A non-zero loss weight counts as one more consumer and moves to the first copy. The copies are named
/// `<blob>_<layer>_<top index>_split_<n>`; scripts rely on these names.
enum SplitInsertion {
  private struct TopIndex: Hashable {
    var layer: Int
    var top: Int
  }

  /// - Parameters:
  ///   - leftOut: the layers that the state leaves out of the net: one may be the producer of a bottom that nobody produces.
  static func apply(
    to layers: [PlacedLayer], leftOut: [PlacedLayer], in state: NetState
  ) throws -> [PlacedLayer] {
    var producer: [String: TopIndex] = [:]
    var sources: [[TopIndex]] = []
    var consumers: [TopIndex: Int] = [:]
    var lossWeights: [TopIndex: Float] = [:]

    for (index, placed) in layers.enumerated() {
      let definition = placed.definition
      sources.append(
        try definition.bottom.enumerated().map { bottomIndex, name in
          guard let source = producer[name] else {
            var error = unknownBottom(name, at: bottomIndex, of: placed)
            error.remedy =
              remedy(byAddingBack: name, to: placed, leftOut, state) ?? remedy(
                byMoving: name, to: placed, layers[index...])
              ?? nearestName(to: name, among: Array(producer.keys)).map { "did you mean '\($0)'?" }
              ?? "a layer must stand behind the layers that produce its bottoms"
            throw error
          }
          consumers[source, default: 0] += 1
          return source
        })
      for (topIndex, name) in definition.top.enumerated() { producer[name] = TopIndex(layer: index, top: topIndex) }
      for (name, weight) in zip(definition.top, definition.lossWeight) where weight != 0 {
        guard let source = producer[name] else { continue }
        lossWeights[source] = weight
        consumers[source, default: 0] += 1
      }
    }

    var result: [PlacedLayer] = []
    var nextCopy: [TopIndex: Int] = [:]
    for (index, placed) in layers.enumerated() {
      var definition = placed.definition
      for (bottomIndex, source) in sources[index].enumerated() where consumers[source, default: 0] > 1 {
        let copy = nextCopy[source, default: 0]
        nextCopy[source] = copy + 1
        definition.bottom[bottomIndex] = copyName(
          definition.bottom[bottomIndex], layers[source.layer], source.top, copy)
      }
      let position = result.count
      result.append(placed)
      for (topIndex, name) in definition.top.enumerated() {
        let source = TopIndex(layer: index, top: topIndex)
        guard let count = consumers[source], count > 1 else { continue }
        let weight = lossWeights[source]
        result.append(split(name, of: placed, topIndex, into: count, lossWeight: weight))
        if weight != nil {
          // The weight clears those of the layer's other tops as well, as in Caffe: printed losses depend on it.
          definition.lossWeight = []
          nextCopy[source, default: 0] += 1
        }
      }
      result[position].definition = definition
    }
    return result
  }

  private static func split(
    _ blob: String, of producer: PlacedLayer, _ topIndex: Int, into count: Int, lossWeight: Float?
  ) -> PlacedLayer {
    var definition = LayerDefinition()
    definition.name = splitName(blob, producer, topIndex)
    definition.type = "Split"
    definition.bottom = [blob]
    definition.top = (0..<count).map { copyName(blob, producer, topIndex, $0) }
    if let lossWeight { definition.lossWeight = [lossWeight] + Array(repeating: 0, count: count - 1) }
    return PlacedLayer(definition: definition, location: producer.location)
  }

  private static func splitName(_ blob: String, _ producer: PlacedLayer, _ topIndex: Int) -> String {
    "\(blob)_\(producer.definition.name)_\(topIndex)_split"
  }

  private static func copyName(_ blob: String, _ producer: PlacedLayer, _ topIndex: Int, _ copy: Int) -> String {
    "\(splitName(blob, producer, topIndex))_\(copy)"
  }

  private static func unknownBottom(_ name: String, at index: Int, of placed: PlacedLayer) -> NetError {
    let layer = placed.definition.name
    var error = NetError("Unknown bottom blob '\(name)' (layer '\(layer)', bottom index \(index))")
    error.layer = layer
    error.layerType = placed.definition.type
    error.location = placed.location
    return error
  }

  /// The way out where a layer makes the blob that is not in the net.
  private static func remedy(
    byAddingBack blob: String, to placed: PlacedLayer, _ leftOut: [PlacedLayer], _ state: NetState
  ) -> String? {
    guard let producer = leftOut.first(where: { $0.definition.top.contains(blob) }) else { return nil }
    let place = producer.location.map { " (\($0))" } ?? ""
    return """
      layer '\(producer.definition.name)'\(place) makes it, but is left out of this net: \
      \(state.reasonToLeaveOut(producer.definition))
      let a layer of this net make it, or leave '\(placed.definition.name)' out too
      """
  }

  /// The way out where a layer makes the blob too late.
  private static func remedy(
    byMoving blob: String, to placed: PlacedLayer, _ later: ArraySlice<PlacedLayer>
  ) -> String? {
    guard let index = later.firstIndex(where: { $0.definition.top.contains(blob) }) else { return nil }
    let name = placed.definition.name
    return index == later.startIndex
      ? "layer '\(name)' makes it itself: another one must make it before"
      : "layer '\(later[index].definition.name)' makes it, but stands behind '\(name)': put it before"
  }
}
