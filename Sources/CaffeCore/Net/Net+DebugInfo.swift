internal import CaffeProto
internal import RealModule

/// The lines of `debug_info`: the mean magnitude of each blob as it is computed.
extension Net {
  func logForward(of node: LayerNode) {
    for (top, index) in zip(node.tops, node.topIndices) {
      logger.info("    [Forward] Layer \(node.name), top blob \(blobNames[index]) data: \(top.data.meanMagnitude)")
    }
    for parameter in parameters where layers[parameter.layer] === node {
      let value = parameter.blob.data.meanMagnitude
      logger.info("    [Forward] Layer \(node.name), param blob \(parameter.displayName) data: \(value)")
    }
  }

  func logBackward(of node: LayerNode) {
    for (position, bottom) in node.bottoms.enumerated() where node.propagation[position] {
      let name = blobNames[node.bottomIndices[position]]
      logger.info("    [Backward] Layer \(node.name), bottom blob \(name) diff: \(bottom.diff.meanMagnitude)")
    }
    for parameter in parameters where layers[parameter.layer] === node {
      guard node.propagation.parameters[parameter.index] else { continue }
      let value = parameter.blob.diff.meanMagnitude
      logger.info("    [Backward] Layer \(node.name), param blob \(parameter.index) diff: \(value)")
    }
  }

  func logParameterNorms() {
    var l1 = (data: Float(0), diff: Float(0))
    var l2 = l1
    for parameter in learnableParameters {
      l1.data += parameter.blob.data.sumOfMagnitudes
      l1.diff += parameter.blob.diff.sumOfMagnitudes
      l2.data += parameter.blob.data.sumOfSquares
      l2.diff += parameter.blob.diff.sumOfSquares
    }
    logger.error(
      """
          [Backward] All net params (data, diff): L1 norm = (\(l1.data.shortText), \(l1.diff.shortText)); \
      L2 norm = (\(l2.data.squareRoot().shortText), \(l2.diff.squareRoot().shortText))
      """)
  }
}

extension Buffer {
  public var sumOfMagnitudes: Float { isZero ? 0 : values.reduce(0) { Relaxed.sum($0, abs($1)) } }
  public var sumOfSquares: Float { isZero ? 0 : values.reduce(0) { Relaxed.multiplyAdd($1, $1, $0) } }

  fileprivate var meanMagnitude: String { (count == 0 ? 0 : sumOfMagnitudes / Float(count)).shortText }
}
