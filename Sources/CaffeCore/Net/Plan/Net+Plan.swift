/// What a net knows about running by a plan.
final class Planning {
  var keepsAllBlobs = false { didSet { plan = nil } }
  fileprivate var bytesAtATime = BatchDivision.bound { didSet { plan = nil } }
  fileprivate var plan: ExecutionPlan?
  fileprivate var operations = FusedOperations()
  /// Buffers whose values somebody asked for after they had been left out or forgotten.
  fileprivate var kept: Set<ObjectIdentifier> = []
  /// What `Blob.structureChanges` was when all layers had been reshaped.
  fileprivate var reshapedAt: Int?
  /// How often values had to be computed again.
  fileprivate var recalls = 0
  /// A net that runs backward needs every value: it does without a plan.
  private(set) var isStopped = false

  /// Whether the values of the last whole pass were computed by the plan.
  fileprivate var ranLast = false

  /// Ends planning for good.
  ///
  /// - Returns: whether the values that are there come from the plan.
  func stop() -> Bool {
    isStopped = true
    plan = nil
    defer { ranLast = false }
    return ranLast
  }
}

extension Net {
  /// The names of the layers that each step of the plan runs, for tests and measurements; empty without a plan.
  package var planDescription: [[String]] {
    planning.plan?.steps.flatMap { step -> [ExecutionPlan.Step] in
      if case .items(let run) = step.work { run.steps } else { [step] }
    }.map { step in step.layers.map { layers[$0].name } } ?? []
  }

  /// How many bytes the blobs at the beginning of the net may take before it runs for some items of the batch at a time.
  package var bytesAtATime: Int {
    get { planning.bytesAtATime }
    set { planning.bytesAtATime = newValue }
  }

  /// How many items of the batch the layers at the beginning run for at a time, and which layers; nil if all run for the whole
  /// batch.
  package var itemsAtATime: (items: Int, layers: [String])? {
    for case .items(let run) in planning.plan?.steps.map(\.work) ?? [] {
      return (run.items, layers[run.layers].map(\.name))
    }
    return nil
  }

  /// Whether some blob's values were left out or forgotten.
  package var hidesValues: Bool { blobs.contains { $0.data.isForgotten } }

  /// Runs all layers by a plan.
  ///
  /// - Returns: nil if there is no plan for this net, or not now: in training, after a backward pass, while somebody looks on.
  func forwardByPlan() throws(NetError) -> Float? {
    guard phase == .test, !planning.isStopped, !logsDebugInfo, beforeForward.isEmpty, afterForward.isEmpty,
      !hasShapesThatDependOnValues
    else { return nil }
    try reshapeIfAnythingChanged()
    let plan = try currentPlan()
    // A backward pass after this one would begin by running the layers again.
    guard plan.joinsOrForgets, plan.isRepeatable || !hasGradients else { return nil }
    planning.ranLast = true
    for buffer in plan.leftOut { forget(buffer) }
    var loss: Float = 0
    for step in plan.steps {
      let start = stepStart
      if case .items(let run) = step.work { try perform(run) } else { try perform(step) }
      if let start { report(step, since: start, for: .now - start) }
      if case .layer = step.work { loss += layers[step.layer].loss }
      forgetValues(after: step)
    }
    return loss
  }

  private func perform(_ step: ExecutionPlan.Step, in run: ItemRun? = nil) throws(NetError) {
    let node = layers[step.layer]
    switch step.work {
    case .layer:
      do {
        if let operands = run?.operands(of: step.layer) {
          try node.forward(operands.bottoms, operands.tops)
        } else {
          try node.forward()
        }
        try checkEngine()
      } catch { throw node.located(error) }
    case .convolution(let convolution):
      convolution.run()
      do { try checkEngine() } catch { throw node.located(error) }
    case .items, .done: break
    }
  }

  private func perform(_ run: ItemRun) throws(NetError) {
    let start = stepStart
    var durations = Array(repeating: Duration.zero, count: run.steps.count)
    try run.forEachGroup(on: engine) { isLast throws(NetError) in
      for (index, step) in run.steps.enumerated() {
        let stepStart = stepStart
        try perform(step, in: run)
        if let stepStart, let start {
          durations[index] += .now - stepStart
          // As if each step had run for the whole batch at once.
          if isLast {
            report(step, in: run, since: start + durations[..<index].reduce(.zero, +), for: durations[index])
          }
        }
        forgetValues(after: step)
      }
    }
  }

  private func forgetValues(after step: ExecutionPlan.Step) {
    for buffer in step.forgets where buffer.isInEngineForm || step.consumes(buffer) { forget(buffer) }
  }

  private func report(
    _ step: ExecutionPlan.Step, in run: ItemRun? = nil, since start: ContinuousClock.Instant, for duration: Duration
  ) {
    switch step.work {
    case .layer:
      let node = layers[step.layer]
      report(
        [step.layer], run?.operands(of: step.layer).tops ?? node.tops, (node.layer as? any Explained)?.kernel, start,
        duration)
    case .convolution(let convolution):
      report(convolution.layers, [convolution.destination], kernel(of: convolution, in: run), start, duration)
    case .items, .done: break
    }
  }

  /// By what a step computes, and how many of the pixels.
  private func kernel(of step: ConvolutionStep, in run: ItemRun?) -> String? {
    let all = (run?.operands(of: step.layer).tops ?? layers[step.layer].tops)[0].count
    let computed = step.operation.description.convolution.destination.count
    guard computed < all else { return step.kernel }
    return "\(step.kernel ?? "loop"), 1 pixel of \(Int((Double(all) / Double(computed)).rounded()))"
  }

  /// Whether shapes of this pass are known only when values below have been computed, as those of Filter and of Python's layers
  /// are: a plan settles all shapes first.
  private var hasShapesThatDependOnValues: Bool {
    layers.contains { node in
      let type = Swift.type(of: node.layer)
      return type.reshapesEveryPass && (!node.bottoms.isEmpty || !node.layer.isRepeatable)
    }
  }

  /// Whether a backward pass would run any layer.
  var hasGradients: Bool { layers.contains(where: \.needsBackward) }

  /// Whether layers that work in place overwrite values that a backward pass needs, for tests.
  package var overwritesValues: Bool { layers.contains { !$0.overwrites.isEmpty } }

  /// Looks at each layer only when some blob of the process has changed its shape or memory, or shapes depend on more than that.
  private func reshapeIfAnythingChanged() throws(NetError) {
    guard planning.reshapedAt != Blob.structureChanges else { return }
    for node in layers {
      do {
        try node.reshapeIfNeeded(preparing: false)
        try checkEngine()
      } catch { throw node.located(error) }
    }
    let reshapesAlways = layers.contains { Swift.type(of: $0.layer).reshapesEveryPass }
    planning.reshapedAt = reshapesAlways ? nil : Blob.structureChanges
  }

  private func currentPlan() throws(NetError) -> ExecutionPlan {
    if let plan = planning.plan, plan.structure == Blob.structureChanges, !plan.hidesPinnedValues { return plan }
    if planning.plan != nil { engine.releaseUnusedMemory() }
    let builder = PlanBuilder(self, keeping: planning.kept, isRepeatable: mayComputeAgain)
    let plan = builder.build(reusing: &planning.operations)
    try checkEngine()
    planning.plan = plan
    return plan
  }

  /// Whether values can be computed again: the layers can run twice, and what comes from outside is not overwritten.
  private var mayComputeAgain: Bool {
    var sources: Set<ObjectIdentifier> = []
    for node in layers {
      guard !node.bottoms.isEmpty else {
        for top in node.tops { sources.insert(ObjectIdentifier(top.data)) }
        continue
      }
      guard node.layer.isRepeatable else { return false }
      if !node.sharesMemory, node.tops.contains(where: { sources.contains(ObjectIdentifier($0.data)) }) { return false }
    }
    return true
  }

  private func forget(_ buffer: Buffer) {
    buffer.forget { [weak self, unowned buffer] in self?.recall(buffer) }
  }

  /// Computes everything that has been forgotten again, and keeps the values that somebody asked for from now on.
  private func recall(_ buffer: Buffer) {
    planning.kept.insert(ObjectIdentifier(buffer))
    planning.recalls += 1
    // Who looks at one blob after the other is spared a pass for each.
    if planning.recalls > 2 { planning.keepsAllBlobs = true }
    planning.plan = nil
    // Whether these have changed since cannot be told: views may have been written through.
    logger.info("Values that the last pass left out are computed again, from inputs and parameters as they are now.")
    computeAgain()
  }

  /// Runs all layers once more, one by one, and leaves the values that are there as they are.
  func computeAgain() {
    acceptWritesThroughViews()
    defer { updateViews() }
    // The pass that is repeated had no hooks, or it would not have left anything out.
    let hooks = (beforeForward, afterForward)
    (beforeForward, afterForward) = ([], [])
    defer { (beforeForward, afterForward) = hooks }
    // Shapes that were changed since the pass count in the next one.
    var changed: [(blob: Blob, shape: Shape)] = []
    for (blob, shape) in layers.flatMap(\.settledShapes) where blob.shape != shape {
      if !changed.contains(where: { $0.blob === blob }) { changed.append((blob, blob.shape)) }
      blob.reshape(to: shape)
    }
    defer { for (blob, shape) in changed { blob.reshape(to: shape) } }
    // What is there may have been changed since: it stays as it is.
    var present: [(buffer: Buffer, copy: Buffer)] = []
    for blob in blobs where !blob.data.isForgotten && !present.contains(where: { $0.buffer === blob.data }) {
      let copy = Buffer(count: blob.data.count)
      copy.copy(from: blob.data)
      present.append((blob.data, copy))
    }
    do {
      _ = try forwardLayers(0, layers.count - 1, skippingSources: true)
    } catch { logger.error("values that a pass had left out could not be computed again: \(error)") }
    for (buffer, copy) in present where buffer.count == copy.count { buffer.copy(from: copy) }
  }
}
