extension PlanBuilder {
  /// Makes one step of a depthwise convolution and one of single pixels that alone reads its result: what passes between them is
  /// never stored whole.
  ///
  /// To be called with all groups in the order of their convolutions, when all else about them is settled.
  func pairSeparable(_ groups: inout [ConvolutionGroup], _ operations: inout FusedOperations) {
    var paired: Set<Int> = []
    for index in groups.indices {
      guard let reader = pointwiseReader(of: groups[index], in: groups),
        let description = SeparableConvolutionDescription(
          depthwise: groups[index].operation.description, pointwise: groups[reader].operation.description),
        let operation = operations.operation(description, at: groups[reader].layers[0], on: net.engine)
      else { continue }
      groups[reader].depthwise = (step(of: groups[index]), operation)
      groups[reader].between += groups[index].between + [groups[index].destination]
      paired.insert(index)
    }
    groups = groups.indices.filter { !paired.contains($0) }.map { groups[$0] }
  }

  /// The convolution that alone reads the result of a group, if nothing else needs it, nor changes what the group reads before.
  private func pointwiseReader(of group: ConvolutionGroup, in groups: [ConvolutionGroup]) -> Int? {
    let first = group.layers[0]
    guard group.slice == nil, group.result == nil, mayLeaveOut(group.destination),
      let next = soleReader(of: group.destination, after: group.layers.last!),
      let reader = groups.firstIndex(where: { $0.layers[0] == next }), groups[reader].source == nil,
      runsByItems(next) == runsByItems(first),
      !isWritten(net.layers[first].bottoms[0].data, between: first, and: groups[reader].layers.last!)
    else { return nil }
    return reader
  }
}
