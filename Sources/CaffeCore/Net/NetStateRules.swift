package import CaffeProto
package import Logging

extension NetParameter {
  /// The layers that the state (phase, level, stages) leaves over, by their `include` and `exclude` rules.
  ///
  /// - Returns: the indices of the layers that stay.
  /// - Throws: `NetError` for a layer with both kinds of rules.
  package func indicesOfLayers(in state: NetState, logger: Logger) throws -> [Int] {
    try layer.indices.filter { try state.keeps(PlacedLayer(definition: layer[$0]), logger: logger) }
  }
}

extension NetState {
  /// Whether the state (phase, level, stages) leaves a layer in the net, by its `include` and `exclude` rules.
  ///
  /// - Throws: `NetError` for a layer with both kinds of rules.
  func keeps(_ placed: PlacedLayer, logger: Logger) throws -> Bool {
    let definition = placed.definition
    guard definition.include.isEmpty || definition.exclude.isEmpty else {
      throw NetError("Specify either include rules or exclude rules; not both.").located(placed)
    }
    let meets = { (rule: NetStateRule) in self.meets(rule, layer: definition.name, logger: logger) }
    return definition.include.isEmpty
      ? !definition.exclude.contains(where: meets) : definition.include.contains(where: meets)
  }

  func meets(_ rule: NetStateRule, layer: String, logger: Logger) -> Bool {
    guard let mismatch = mismatch(with: rule) else { return true }
    logger.info("The \(mismatch.log) specified by a rule in layer \(layer)")
    return false
  }

  /// Why the state does not meet a rule: in the words of the log, and in what would meet it.
  private func mismatch(with rule: NetStateRule) -> (log: String, wanted: String)? {
    if rule.hasPhase, rule.phase != phase {
      return (
        "NetState phase (\(phase.rawValue)) differed from the phase (\(rule.phase.rawValue))",
        "the phase \(rule.phase.name), and this is \(phase.name)"
      )
    }
    if rule.hasMinLevel, level < rule.minLevel {
      return (
        "NetState level (\(level)) is below the min_level (\(rule.minLevel))",
        "a level of \(rule.minLevel) or more, and this is \(level)"
      )
    }
    if rule.hasMaxLevel, level > rule.maxLevel {
      return (
        "NetState level (\(level)) is above the max_level (\(rule.maxLevel))",
        "a level of \(rule.maxLevel) or less, and this is \(level)"
      )
    }
    if let missing = rule.stage.first(where: { !stage.contains($0) }) {
      return ("NetState did not contain stage '\(missing)'", "the stage '\(missing)'")
    }
    if let unwanted = rule.notStage.first(where: { stage.contains($0) }) {
      return ("NetState contained a not_stage '\(unwanted)'", "the absence of the stage '\(unwanted)'")
    }
    return nil
  }

  /// Why a layer is left out, as the end of a sentence about it.
  func reasonToLeaveOut(_ definition: LayerDefinition) -> String {
    if let rule = definition.exclude.first(where: { mismatch(with: $0) == nil }) {
      let text = Prototxt.print(rule).split(separator: "\n").joined(separator: " ")
      return "its rule exclude { \(text) } applies"
    }
    let wanted = definition.include.compactMap { mismatch(with: $0)?.wanted }
    return "its include rule asks for " + wanted.joined(separator: ", or another one for ")
  }
}

extension Phase {
  fileprivate var name: String { self == .train ? "TRAIN" : "TEST" }
}
