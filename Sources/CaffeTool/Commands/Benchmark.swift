import Caffe
import Logging

/// Measures the passes of a net, layer by layer.
///
/// Forward is the net's own pass. Backward calls every layer, also those that training would skip (a net without a loss has
/// only such); a layer that has no backward counts as nothing.
///
/// A net that infers runs several layers as one: the time of all of them is then the first one's. As it forgets what the rest of
/// the pass does not need, its backward passes are measured after all forward passes, on values that it has kept for them.
final class Benchmark {
  private let net: Net
  private let clock = ContinuousClock()
  private var execution: Execution
  private var backwardExecution: Execution
  private var trace: Trace?
  private var forward: [Duration]
  private var backward: [Duration]

  /// - Parameter traces: whether to record what runs when.
  init(_ net: Net, traces: Bool = false) {
    self.net = net
    execution = Execution(of: net)
    backwardExecution = execution
    trace = traces ? Trace() : nil
    forward = Array(repeating: .zero, count: net.layers.count)
    backward = forward
  }

  /// Warms up with two passes, then measures and logs.
  ///
  /// - Returns: what ran when, if that was recorded.
  func run(iterations: Int, in session: Session) throws -> Trace? {
    let log = session.log
    log.info("Performing Forward")
    let loss = try net.forward()
    log.info("Initial loss: \(loss.shortText)")
    log.info("Performing Backward")
    let isPlanned = net.phase == .test
    // In bfloat16 there are no gradients.
    let hasBackward = net.precision == .float32
    if !hasBackward { log.info("Backward is left out: it is computed in float32 only.") }
    // What a backward pass asks for is kept from then on: where values are forgotten, it has to wait.
    if !isPlanned { runBackward() }
    backward = Array(repeating: .zero, count: net.layers.count)
    trace = trace.map { _ in Trace() }
    for index in net.layers.indices.reversed() where net.layers[index].needsBackward {
      backwardExecution.describeBackward(of: index)
    }
    net.stepObserver = { self.execution.describe($0) }
    _ = try net.forward()
    defer { net.stepObserver = nil }

    log.info("*** Benchmark begins ***")
    log.info("Testing for \(iterations) iterations.")
    net.stepObserver = { self.note($0) }
    var forwardTimes: [Duration] = []
    var backwardTimes: [Duration] = []
    var progress = ProgressLine("Timing", to: iterations, on: session.output)
    defer { progress.finish() }
    for iteration in 1...iterations {
      forwardTimes.append(try measure("forward") { _ = try net.forward() })
      if !hasBackward {
        backwardTimes.append(.zero)
        report(iteration, forwardTimes, backwardTimes, log)
        progress.update(iteration)
      }
      guard !isPlanned else { continue }
      backwardTimes.append(measure("backward") { runBackward() })
      report(iteration, forwardTimes, backwardTimes, log)
      progress.update(iteration)
    }
    net.stepObserver = nil
    if isPlanned, hasBackward {
      try keepEverything()
      runBackward()
      backward = Array(repeating: .zero, count: net.layers.count)
      for iteration in 1...iterations {
        backwardTimes.append(measure("backward") { runBackward() })
        report(iteration, forwardTimes, backwardTimes, log)
        progress.update(iteration)
      }
    }
    progress.finish()
    summarize(forwardTimes, backwardTimes, log)

    let limits = MachineLimits(of: net.engine)
    let multiplying = limits.operations.map { "\(Int($0 / 1e9)) GFLOP/s, " } ?? ""
    log.info(
      "What was executed forward (medians; limits of this machine: \(multiplying)\(Int(limits.bytes / 1e9)) GB/s):")
    for line in execution.table(limits: limits) { log.info("\(line)") }
    if !isPlanned {
      log.info("What was executed backward:")
      for line in backwardExecution.table(limits: limits) { log.info("\(line)") }
    }
    return trace
  }

  private func report(_ iteration: Int, _ forward: [Duration], _ backward: [Duration], _ log: Logger) {
    let time = forward[iteration - 1] + backward[iteration - 1]
    log.info("Iteration: \(iteration) forward-backward time: \(milliseconds(time)) ms.")
  }

  private func summarize(_ forwardTimes: [Duration], _ backwardTimes: [Duration], _ log: Logger) {
    let iterations = forwardTimes.count
    log.info("Average time per layer: ")
    for (index, layer) in net.layers.enumerated() {
      let name = layer.name.leftPadded(to: 10)
      log.info("\(name)\tforward: \(milliseconds(forward[index] / iterations)) ms.")
      log.info("\(name)\tbackward: \(milliseconds(backward[index] / iterations)) ms.")
    }
    let both = zip(forwardTimes, backwardTimes).map { $0 + $1 }
    let total = both.reduce(.zero, +)
    log.info("Average Forward pass: \(milliseconds(forwardTimes.reduce(.zero, +) / iterations)) ms.")
    log.info("Average Backward pass: \(milliseconds(backwardTimes.reduce(.zero, +) / iterations)) ms.")
    log.info("Average Forward-Backward: \(milliseconds(total / iterations)) ms.")
    log.info("Median Forward pass: \(milliseconds(forwardTimes.median)) ms.")
    log.info("Median Backward pass: \(milliseconds(backwardTimes.median)) ms.")
    log.info("Median Forward-Backward: \(milliseconds(both.median)) ms.")
    log.info("Total Time: \(milliseconds(total)) ms.")
    log.info("*** Benchmark ends ***")
  }

  private func measure(_ name: String, _ pass: () throws -> Void) rethrows -> Duration {
    let start = clock.now
    let duration = try clock.measure(pass)
    trace?.add(name, category: "pass", from: start, for: duration)
    return duration
  }

  private func note(_ step: ExecutedStep) {
    execution.add(step.duration, to: step.layers)
    forward[step.layers[0]] += step.duration
    guard trace != nil, let known = execution.steps[step.layers] else { return }
    trace?.add(
      known.names.joined(separator: " + "), category: "forward", from: step.start, for: step.duration,
      details: [
        "kernel": known.kernel, "layout": known.layout, "operations": "\(known.work.operations)",
        "bytes": "\(known.work.bytes)",
      ])
  }

  /// Runs every layer forward by itself, so that backward finds the values of all.
  private func keepEverything() throws {
    net.keepsAllBlobs = true
    net.beforeForward.append { _ in }
    defer { net.beforeForward.removeLast() }
    _ = try net.forward()
  }

  private func runBackward() {
    for (index, node) in net.layers.enumerated().reversed() {
      let start = clock.now
      do {
        try node.layer.backward(node.tops, node.bottoms, propagate: node.propagation)
        let duration = clock.now - start
        backward[index] += duration
        backwardExecution.add(duration, to: [index])
        trace?.add(node.name, category: "backward", from: start, for: duration)
      } catch {
        // Such as ArgMax, which has no gradient.
      }
    }
  }
}
