import ArgumentParser
import Caffe
import Logging

/// `caffe test`: runs a net in the TEST phase and prints the means of its outputs.
struct Test: ToolCommand {
  static let configuration = CommandConfiguration(commandName: "test", abstract: "score a model")
  static let runsNets = true
  static let flagsWithoutEffect: Set<String> = ["solver", "snapshot", "phase", "sigint_effect", "sighup_effect"]

  @Option(help: "The net definition (.prototxt).")
  var model = ""

  @Option(help: "The weights (.caffemodel).")
  var weights = ""

  @Option(
    help: """
      More weights (.caffemodel files, with commas between them) for nets of the same definition, which answer together with the \
      first: by the mean of all their probabilities.
      """)
  var ensemble = ""

  @Option(help: "The number of batches to run.")
  var iterations = 50

  @Option(
    help: """
      A picture (.png) of the images tested and the answers to them, wrong ones first and framed in red; for a net with an \
      Accuracy or SoftmaxWithLoss layer.
      """)
  var sheet: String?

  @Option(name: .customLong("class_names"), help: "A text file with the name of a class on each line, for -sheet.")
  var classNames: String?

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !model.isEmpty else { throw ValidationError("Need a model definition to score.") }
    guard !weights.isEmpty else { throw ValidationError("Need model weights to score.") }
    try requireCount(iterations, "-iterations")
    try requireName(classNames, "-class_names")
    try requireNames(ensemble, "-ensemble")
    guard sheet?.hasSuffix(".png") ?? true else { throw ValidationError("-sheet needs a name that ends in .png.") }
    guard classNames == nil || sheet != nil else {
      throw ValidationError("-class_names is for -sheet, which is missing.")
    }
  }

  func run(in session: Session) throws {
    let log = session.log
    device.logDevice(log)
    // Read once, as it may come through a pipe.
    let definition = try NetDefinition(contentsOf: model)
    let net = try net(definition, weights: weights, log)
    let others = try (ensemble.isEmpty ? [] : ensemble.commaSeparated).map {
      try self.net(definition, weights: $0, log)
    }
    let ensemble = try others.isEmpty ? nil : Ensemble([net] + others)
    var answers = try sheet.map { _ in try AnswerSheet(of: net, classNames: classNames) }

    log.info("Running for \(iterations) iterations.")
    let values = net.outputs.flatMap { output in Array(repeating: output, count: net.blobs[output].count) }
    var sums = [Float](repeating: 0, count: values.count)
    var loss: Float = 0
    var progress = ProgressLine("Testing", to: iterations, on: session.output)
    defer { progress.finish() }
    for batch in 0..<iterations {
      loss += try ensemble?.forward() ?? net.forward()
      let scores = net.outputs.flatMap { net.blobs[$0].data.values }
      // The data may change an output's size from batch to batch; a mean then has no meaning.
      guard scores.count == sums.count else {
        throw ToolError("Batch \(batch) has \(scores.count) output values, but the first batch had \(sums.count).")
      }
      for (index, score) in scores.enumerated() {
        sums[index] += score
        log.info("Batch \(batch), \(net.blobNames[values[index]]) = \(score.shortText)")
      }
      try answers?.add()
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
    if var answers, let sheet {
      try AtomicFile.write(answers.picture().png(), to: sheet)
      log.info("\(answers.verdict), drawn in \(sheet)")
    }
  }
}

extension Test {
  private func net(_ definition: NetDefinition, weights: String, _ log: Logger) throws -> Net {
    let net = try Net(
      definition, phase: .test, level: state.level, stages: state.stages,
      in: trust.applied(to: .standard(engine: engine.engine, precision: precision.precision, logger: log), for: model))
    try net.requireLayers(of: model)
    try net.loadWeights(weights, log)
    return net
  }
}

extension Net {
  /// The weight with which a blob enters the loss; 0 for most.
  fileprivate func lossWeight(ofBlob index: Int) -> Float {
    layers.lazy.flatMap { zip($0.topIndices, $0.lossWeights) }.first { $0.0 == index && $0.1 != 0 }?.1 ?? 0
  }
}
