import Caffe
import Logging

/// Measures the passes of a net, layer by layer.
///
/// Forward is the net's own pass. Backward calls every layer, also those that training would skip (a net without a loss has
/// only such); a layer that has no backward counts as nothing.
final class Benchmark {
  private let net: Net
  private let clock = ContinuousClock()
  private var start: ContinuousClock.Instant
  private var forward: [Duration]
  private var backward: [Duration]

  init(_ net: Net) {
    self.net = net
    start = clock.now
    forward = Array(repeating: .zero, count: net.layers.count)
    backward = forward
  }

  /// Warms up with one pass, then measures and logs.
  func run(iterations: Int, in session: Session) throws {
    let log = session.log
    log.info("Performing Forward")
    let loss = try net.forward()
    log.info("Initial loss: \(loss.shortText)")
    log.info("Performing Backward")
    runBackward()

    log.info("*** Benchmark begins ***")
    log.info("Testing for \(iterations) iterations.")
    net.beforeForward.append { _ in self.start = self.clock.now }
    net.afterForward.append { self.forward[$0] += self.clock.now - self.start }
    backward = Array(repeating: .zero, count: net.layers.count)
    var forwardTime = Duration.zero
    var backwardTime = Duration.zero
    var progress = ProgressLine("Timing", to: iterations, on: session.output)
    defer { progress.finish() }
    let total = try clock.measure {
      for iteration in 1...iterations {
        let forward = try clock.measure { _ = try net.forward() }
        let backward = clock.measure { runBackward() }
        forwardTime += forward
        backwardTime += backward
        log.info("Iteration: \(iteration) forward-backward time: \(milliseconds(forward + backward)) ms.")
        progress.update(iteration)
      }
    }
    progress.finish()
    // The hooks hold this benchmark, and the net holds them.
    net.beforeForward.removeLast()
    net.afterForward.removeLast()

    log.info("Average time per layer: ")
    for (index, layer) in net.layers.enumerated() {
      let name = layer.name.leftPadded(to: 10)
      log.info("\(name)\tforward: \(milliseconds(forward[index] / iterations)) ms.")
      log.info("\(name)\tbackward: \(milliseconds(backward[index] / iterations)) ms.")
    }
    log.info("Average Forward pass: \(milliseconds(forwardTime / iterations)) ms.")
    log.info("Average Backward pass: \(milliseconds(backwardTime / iterations)) ms.")
    log.info("Average Forward-Backward: \(milliseconds(total / iterations)) ms.")
    log.info("Total Time: \(milliseconds(total)) ms.")
    log.info("*** Benchmark ends ***")
  }

  private func runBackward() {
    for (index, node) in net.layers.enumerated().reversed() {
      let start = clock.now
      do {
        try node.layer.backward(node.tops, node.bottoms, propagate: node.propagation)
        backward[index] += clock.now - start
      } catch {
        // Such as ArgMax, which has no gradient.
      }
    }
  }

  /// The time to a microsecond, as the log prints numbers.
  private func milliseconds(_ time: Duration) -> String {
    FloatText.sixDigits((time / .microseconds(1)).rounded() / 1000)
  }
}
