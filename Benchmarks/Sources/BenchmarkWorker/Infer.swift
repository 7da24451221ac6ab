import ArgumentParser
import Caffe

/// A deploy net with its weights, on one batch.
struct Infer: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "a deploy net, forward")

  @Option(help: "The net, with one Input layer and one output.") var net: String
  @Option(help: "Its weights, a caffemodel.") var weights: String
  @Option(help: "The batch, as raw floats.") var input: String
  @Option(help: "What to compute in, f32 or bf16.") var precision = "f32"

  func run() throws {
    guard let precision = Precision(name: precision) else { throw WorkerError("no such precision: \(precision)") }
    let net = try Net(
      NetDefinition(contentsOf: net), phase: .test, in: .standard(seed: 1, precision: precision, logger: .quiet))
    try net.copyWeights(fromFile: weights)
    var inference = Inference(net)
    try read(input, into: inference.input.data.mutableValues)
    try inference.obey()
  }
}

private struct Inference: Workload {
  let net: Net
  let input: Blob
  let output: Blob

  init(_ net: Net) {
    self.net = net
    input = net.blobs[net.inputs[0]]
    output = net.blobs[net.outputs[0]]
  }

  func runOnce() throws {
    // As after a user wrote a new batch: nothing that the net prepared of the last one counts.
    _ = input.data.mutableValues
    try net.forward()
    _ = output.data.values
  }

  func result() -> [Float] { Array(output.data.values) }
}
