internal import CaffeCore
internal import CaffeProto

extension Solver {
  /// Makes one update from the gradients as they are, and counts it as an iteration.
  public func applyUpdate() {
    applyUpdate(logsRate: definition.display > 0 && iteration % Int(definition.display) == 0)
    iteration += 1
  }

  /// Clips, normalises and regularises the gradients, makes steps of them by the update rule, and takes the steps.
  func applyUpdate(logsRate: Bool) {
    advancePlateau()
    let rate = learningRate()
    if logsRate { logger.info("Iteration \(iteration), lr = \(rate.shortText)") }
    clipGradients()
    let normalization = 1 / Float(definition.iterSize)
    let count = net.learnableParameters.count
    for (index, parameter) in net.learnableParameters.enumerated() {
      let second = type(of: rule).historyCount > 1 ? history[count + index] : history[index]
      update(parameter, first: history[index].data, second: second.data, rate: rate, normalization: normalization)
    }
  }

  /// Works through a parameter in pieces that stay in the nearest cache, so that each value travels once, in the order in which
  /// its gradient lies in memory.
  private func update(
    _ parameter: Net.LearnableParameter, first: Buffer, second: Buffer, rate: Float, normalization: Float
  ) {
    let blob = parameter.blob
    let order = net.engine.orderWithoutPadding(of: blob.diff, blob.shape)
    func values(_ buffer: Buffer) -> Values { Values(start: net.engine.update(buffer, in: order), count: blob.count) }
    let (weights, gradients) = (values(blob.data), values(blob.diff))
    let (first, second) = (values(first), values(second))
    let decay = regularization.weightDecay * parameter.decayMultiplier
    let rate = rate * parameter.learningRateMultiplier
    let isDecoupled = type(of: rule).decouplesDecay
    let size = 4096
    let pieces = (weights.count + size - 1) / size
    func work(_ pieces: Range<Int>) {
      for piece in pieces {
        let range = piece * size..<min((piece + 1) * size, weights.count)
        let weight = Values(rebasing: weights[range])
        let gradient = Values(rebasing: gradients[range])
        if normalization != 1 { for i in gradient.indices { gradient[i] *= normalization } }
        if !isDecoupled { regularization.add(to: gradient, of: weight, decay: decay) }
        rule.step(
          gradient, History(first: Values(rebasing: first[range]), second: Values(rebasing: second[range])), rate: rate,
          iteration: iteration)
        if isDecoupled { regularization.add(to: gradient, of: weight, decay: rate * decay) }
        for i in weight.indices { weight[i] -= gradient[i] }
      }
    }
    // Waking other threads takes longer than a few pieces.
    if pieces < 8 { work(0..<pieces) } else { net.engine.divide(pieces, work) }
  }

  /// Scales all gradients down when their common L2 norm exceeds `clip_gradients`.
  private func clipGradients() {
    let limit = definition.clipGradients
    guard limit >= 0 else { return }
    let norm = net.learnableParameters.reduce(Float(0)) { $0 + $1.blob.diff.sumOfSquares }.squareRoot()
    guard norm > limit else { return }
    let scale = limit / norm
    logger.info(
      """
      Gradient clipping: scaling down gradients (L2 norm \(norm.shortText) > \(limit.shortText)) by scale factor \
      \(scale.shortText)
      """)
    for parameter in net.learnableParameters {
      let gradient = parameter.blob.diff.mutableValues
      for i in gradient.indices { gradient[i] *= scale }
    }
  }
}
