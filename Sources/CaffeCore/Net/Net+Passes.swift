extension Net {
  /// Runs the layers `first ... last` (all by default) forward.
  ///
  /// - Returns: the sum of the weighted losses of these layers.
  @discardableResult
  public func forward(from first: Int = 0, to last: Int? = nil) throws(NetError) -> Float {
    acceptWritesThroughViews()
    defer { updateViews() }
    let end = last ?? layers.count - 1
    if first == 0, end == layers.count - 1, let loss = try forwardByPlan() { return loss }
    return try forwardLayers(first, end)
  }

  /// Runs layers one after the other, as the file has them.
  func forwardLayers(_ first: Int, _ last: Int, skippingSources: Bool = false) throws(NetError) -> Float {
    // Inputs that stay as they are must lie in the first pass of a resumed run as in any other: sums depend on the order.
    if phase == .train, first == 0 {
      for node in layers where node.bottoms.isEmpty { for top in node.tops { top.data.outdateForms() } }
    }
    var loss: Float = 0
    var index = first
    while index <= last {
      let node = layers[index]
      if !(skippingSources && (node.bottoms.isEmpty || node.tops.isEmpty)) {
        do {
          try call(beforeForward, index)
          try node.reshapeIfNeeded()
          let start = stepStart
          try node.forwardKeepingValues()
          try checkEngine()
          if let start {
            report([index], node.tops, (node.layer as? any Explained)?.kernel, start, .now - start)
          }
          try call(afterForward, index)
        } catch { throw node.located(error) }
        loss += node.loss
        if logsDebugInfo { logForward(of: node) }
      }
      index += 1
    }
    return loss
  }

  /// Runs the layers `first ... last` (all by default), the last one first, backward.
  ///
  /// Gradients of parameters are added to what is there; those of blobs are overwritten.
  public func backward(from last: Int? = nil, to first: Int = 0) throws(NetError) {
    guard precision == .float32 else {
      throw NetError(
        "gradients are computed in float32 only, and this net computes in \(precision.rawValue)",
        remedy: Precision.remedy)
    }
    acceptWritesThroughViews()
    defer { updateViews() }
    // Layers that a plan has joined have not kept what their gradients need.
    if planning.stop(), hasGradients { computeAgain() }
    var index = last ?? layers.count - 1
    while index >= first {
      let node = layers[index]
      if node.needsBackward {
        do {
          try call(beforeBackward, index)
          try node.backward()
          try checkEngine()
          try call(afterBackward, index)
        } catch { throw node.located(error) }
        if logsDebugInfo { logBackward(of: node) }
      }
      index -= 1
    }
    if logsDebugInfo { logParameterNorms() }
  }

  /// Propagates the shapes of the inputs through the net, as a forward pass would.
  public func reshape() throws(NetError) {
    for node in layers {
      do {
        try node.reshapeIfNeeded()
        try checkEngine()
      } catch { throw node.located(error) }
    }
  }

  /// Sets the gradients of all parameters to zero.
  public func clearParameterDiffs() {
    for parameter in learnableParameters { parameter.blob.diff.setZero() }
  }

  /// Throws if the engine could not compute what it was asked for.
  func checkEngine() throws(NetError) {
    if let failure = engine.takeFailure() {
      throw NetError(failure, remedy: "`--engine reference` (`caffe.set_engine` in Python) computes without oneDNN")
    }
  }

  /// The time now, if somebody wants to know how long a step takes.
  var stepStart: ContinuousClock.Instant? { stepObserver == nil ? nil : .now }

  func report(
    _ layers: [Int], _ results: [Blob], _ kernel: String?, _ start: ContinuousClock.Instant, _ duration: Duration
  ) {
    stepObserver?(ExecutedStep(layers: layers, results: results, kernel: kernel, start: start, duration: duration))
  }

  /// Calls hooks between two layers; they may look at every blob, and change it.
  private func call(_ hooks: [(Int) throws -> Void], _ index: Int) throws {
    guard !hooks.isEmpty else { return }
    updateViews()
    defer { acceptWritesThroughViews() }
    for hook in hooks { try hook(index) }
  }

  /// Lets changes made through lasting views of any blob count.
  package func acceptWritesThroughViews() {
    guard Buffer.arePinned else { return }
    for blob in blobs { blob.acceptWritesThroughViews() }
    for parameter in learnableParameters { parameter.blob.acceptWritesThroughViews() }
  }

  /// Shows the newest values in all lasting views.
  package func updateViews() {
    guard Buffer.arePinned else { return }
    for blob in blobs { blob.updateViews() }
    for parameter in learnableParameters { parameter.blob.updateViews() }
  }
}

extension Blob {
  /// Lets changes made through lasting views of the values or the gradient count.
  package func acceptWritesThroughViews() {
    data.acceptWritesThroughViews()
    diff.acceptWritesThroughViews()
  }

  /// Shows the newest values in lasting views.
  package func updateViews() {
    data.updateViews()
    diff.updateViews()
  }
}
