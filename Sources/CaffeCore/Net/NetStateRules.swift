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
    if rule.hasPhase, rule.phase != phase {
      logger.info(
        """
        The NetState phase (\(phase.rawValue)) differed from the phase (\(rule.phase.rawValue)) specified by a rule in layer \
        \(layer)
        """)
      return false
    }
    if rule.hasMinLevel, level < rule.minLevel {
      logger.info(
        "The NetState level (\(level)) is below the min_level (\(rule.minLevel)) specified by a rule in layer \(layer)")
      return false
    }
    if rule.hasMaxLevel, level > rule.maxLevel {
      logger.info(
        "The NetState level (\(level)) is above the max_level (\(rule.maxLevel)) specified by a rule in layer \(layer)")
      return false
    }
    if let missing = rule.stage.first(where: { !stage.contains($0) }) {
      logger.info("The NetState did not contain stage '\(missing)' specified by a rule in layer \(layer)")
      return false
    }
    if let unwanted = rule.notStage.first(where: { stage.contains($0) }) {
      logger.info("The NetState contained a not_stage '\(unwanted)' specified by a rule in layer \(layer)")
      return false
    }
    return true
  }
}
