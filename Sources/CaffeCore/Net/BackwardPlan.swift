/// Decides which layers run backward and which bottoms get a gradient.
///
/// A layer runs if it leads to a loss, if something at or below it learns, and if not all of its tops are cut off by
/// `propagate_down: false` further on.
enum BackwardPlan {
  static func decide(for net: Net, forcesBackward: Bool) {
    decideLayers(of: net, forcesBackward: forcesBackward)
    for (index, node) in net.layers.enumerated() {
      for (top, weight) in node.lossWeights.enumerated() where weight != 0 {
        let blob = node.topIndices[top]
        // Splits take explicit weights to a blob of their own; those of losses that have none are found here.
        let isRead = net.layers[(index + 1)...].contains { reader in
          reader.needsBackward && zip(reader.bottomIndices, reader.propagation.bottoms).contains { $0 == blob && $1 }
        }
        if isRead { node.addedWeights.append((top, weight)) }
      }
    }
  }

  private static func decideLayers(of net: Net, forcesBackward: Bool) {
    var underLoss: Set<Int> = []
    var cut: Set<Int> = []
    for node in net.layers.reversed() {
      let leadsToLoss = zip(node.topIndices, node.lossWeights).contains { $1 != 0 || underLoss.contains($0) }
      // A loss needs no reader: one that is cut off, such as a Silence, does not take its gradient away.
      let isCut = zip(node.topIndices, node.lossWeights).allSatisfy { cut.contains($0) && $1 == 0 }
      if node.needsBackward, isCut {
        node.needsBackward = false
        node.propagation.bottoms = node.propagation.bottoms.map { _ in false }
      }
      if !leadsToLoss { node.needsBackward = false }
      let verdict = node.needsBackward ? "needs backward computation." : "does not need backward computation."
      net.logger.info("\(node.name) \(verdict)")
      for (position, bottom) in node.bottomIndices.enumerated() {
        if leadsToLoss { underLoss.insert(bottom) } else { node.propagation.bottoms[position] = false }
        if !node.propagation.bottoms[position] { cut.insert(bottom) }
      }
    }
    guard forcesBackward else { return }
    for node in net.layers {
      node.needsBackward = true
      for position in node.bottoms.indices where node.layer.allowsForcedBackward(toBottom: position) {
        node.propagation.bottoms[position] = true
      }
      node.propagation.parameters = node.propagation.parameters.map { _ in true }
    }
  }
}
