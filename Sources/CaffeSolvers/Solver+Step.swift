internal import CaffeCore
internal import CaffeProto

extension Solver {
  /// Makes this many updates, with tests, log lines and snapshots in between as the definition says.
  public func step(_ count: Int) throws {
    wasStopped = false
    let start = iteration
    let end = start + max(count, 0)
    losses = carriedLosses ?? SmoothedLoss()
    carriedLosses = nil
    var clock = DisplayClock(iteration: iteration)
    while iteration < end, !endedEarly {
      net.clearParameterDiffs()
      if isTestDue {
        stateBeforeTest = stateOfTests()
        try testAll()
        if wasStopped || endsEarly() { break }
      }
      for hook in onStart { try hook() }
      let isDisplayed = definition.display > 0 && iteration % Int(definition.display) == 0
      net.logsDebugInfo = isDisplayed && definition.debugInfo
      try accumulateGradients()
      if isDisplayed { logIteration(&clock) }
      for hook in onGradientsReady { try hook() }
      applyUpdate(logsRate: isDisplayed)
      iteration += 1
      stateBeforeTest = nil
      onProgress?(iteration - start, end - start)

      let action = requestedAction()
      if isSnapshotDue || action == .snapshot { trySnapshot() }
      if action == .stop {
        wasStopped = true
        break
      }
    }
  }

  private var isTestDue: Bool {
    definition.testInterval > 0 && iteration % Int(definition.testInterval) == 0
      && (iteration > 0 || definition.testInitialization)
  }

  var isSnapshotDue: Bool { definition.snapshot > 0 && iteration % Int(definition.snapshot) == 0 }

  /// `iter_size` passes forward and backward; their gradients add up, their losses are averaged.
  private func accumulateGradients() throws {
    var loss: Float = 0
    let passes = Int(definition.iterSize)
    for _ in 0..<passes {
      loss += try net.forward()
      try net.backward()
    }
    loss /= Float(passes)
    if loss.isNaN { throw NotANumber.found(in: net, iteration: iteration) }
    losses.add(loss, keeping: Int(definition.averageLoss))
  }

  private func logIteration(_ clock: inout DisplayClock) {
    let lapse = clock.lapse(to: iteration)
    let rate = Float(lapse.iterations) / Float(lapse.seconds == 0 ? 1 : lapse.seconds)
    logger.info(
      """
      Iteration \(iteration) (\(rate.shortText) iter/s, \(Float(lapse.seconds).shortText)s/\(definition.display) iters), \
      loss = \(losses.mean.shortText)
      """)
    var number = 0
    for index in net.outputs {
      let name = net.blobNames[index]
      let weight = net.lossWeight(ofBlob: index)
      for value in net.blobs[index].data.values {
        logger.info("    Train net output #\(number): \(name) = \(value.shortText)\(weighted(value, weight))")
        number += 1
      }
    }
  }

  /// ` (* 1 = 0.4321 loss)`, for a weighted output.
  func weighted(_ value: Float, _ weight: Float) -> String {
    weight == 0 ? "" : " (* \(weight.shortText) = \((weight * value).shortText) loss)"
  }
}

extension Net {
  /// The weight with which a blob enters the loss; 0 for most.
  func lossWeight(ofBlob index: Int) -> Float {
    for node in layers {
      for (top, weight) in zip(node.topIndices, node.lossWeights) where top == index && weight != 0 { return weight }
    }
    return 0
  }
}

/// Measures the time between displayed iterations.
private struct DisplayClock {
  private var last: (iteration: Int, time: ContinuousClock.Instant)

  init(iteration: Int) { last = (iteration, .now) }

  mutating func lapse(to iteration: Int) -> (iterations: Int, seconds: Double) {
    let now = ContinuousClock.now
    let lapse = (iteration - last.iteration, (now - last.time) / .seconds(1))
    last = (iteration, now)
    return lapse
  }
}
