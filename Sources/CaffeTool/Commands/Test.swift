import ArgumentParser
import Caffe
import Logging

/// `caffe test`: runs a net in the TEST phase and prints the means of its outputs.
struct Test: ToolCommand {
  static let configuration = CommandConfiguration(commandName: "test", abstract: "score a model")
  static let flagsWithoutEffect: Set<String> = ["solver", "snapshot", "phase", "sigint_effect", "sighup_effect"]

  @Option(help: "The net definition (.prototxt).")
  var model = ""

  @Option(help: "The weights (.caffemodel).")
  var weights = ""

  @Option(help: "The number of batches to run.")
  var iterations = 50

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !model.isEmpty else { throw ValidationError("Need a model definition to score.") }
    guard !weights.isEmpty else { throw ValidationError("Need model weights to score.") }
    try requirePositive(iterations: iterations)
  }

  func run(in session: Session) throws {
    let log = session.log
    device.logDevice(log)
    let net = try Net(
      NetDefinition(contentsOf: model), phase: .test, level: state.level, stages: state.stages,
      in: .standard(logger: log))
    let report = try net.copyWeights(fromFile: weights)
    for layer in report.kept { log.warning("\(weights) has no weights for layer \(layer): it keeps its fillers'.") }

    log.info("Running for \(iterations) iterations.")
    let values = net.outputs.flatMap { output in Array(repeating: output, count: net.blobs[output].count) }
    var sums = [Float](repeating: 0, count: values.count)
    var loss: Float = 0
    var progress = ProgressLine("Testing", to: iterations, on: session.output)
    defer { progress.finish() }
    for batch in 0..<iterations {
      loss += try net.forward()
      let scores = net.outputs.flatMap { net.blobs[$0].data.values }
      // The data may change an output's size from batch to batch; a mean then has no meaning.
      guard scores.count == sums.count else {
        throw ToolError("Batch \(batch) has \(scores.count) output values, but the first batch had \(sums.count).")
      }
      for (index, score) in scores.enumerated() {
        sums[index] += score
        log.info("Batch \(batch), \(net.blobNames[values[index]]) = \(score.shortText)")
      }
      progress.update(batch + 1)
    }
    progress.finish()

    log.info("Loss: \((loss / Float(iterations)).shortText)")
    for (index, sum) in sums.enumerated() {
      let mean = sum / Float(iterations)
      let weight = net.lossWeight(ofBlob: values[index])
      let share = weight == 0 ? "" : " (* \(weight.shortText) = \((weight * mean).shortText) loss)"
      log.info("\(net.blobNames[values[index]]) = \(mean.shortText)\(share)")
    }
  }
}

extension Net {
  /// The weight with which a blob enters the loss; 0 for most.
  fileprivate func lossWeight(ofBlob index: Int) -> Float {
    layers.lazy.flatMap { zip($0.topIndices, $0.lossWeights) }.first { $0.0 == index && $0.1 != 0 }?.1 ?? 0
  }
}
