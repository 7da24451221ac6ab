import ArgumentParser
import Caffe

/// A solver with its net and weights, on one batch over and over.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "a train net, forward, backward and update")

  @Option(help: "The solver.") var solver: String
  @Option(help: "The weights to start from, a caffemodel.") var weights: String
  @Option(help: "The batch, as raw floats.") var input: String
  @Option(help: "Its labels, as raw floats.") var labels: String

  func run() throws {
    let solver = try Solver(SolverDefinition(contentsOf: solver), in: .standard(seed: 1, logger: .quiet))
    try solver.net.copyWeights(fromFile: weights)
    var training = try Training(solver)
    // The net's DummyData fills its tops once, when it is set up.
    try read(input, into: training.data.data.mutableValues)
    try read(labels, into: training.label.data.mutableValues)
    try training.obey()
  }
}

private struct Training: Workload {
  let solver: Solver
  let data: Blob
  let label: Blob
  private var losses: [Float] = []

  init(_ solver: Solver) throws {
    guard let data = solver.net.blob("data"), let label = solver.net.blob("label") else {
      throw WorkerError("the net has no blobs \"data\" and \"label\"")
    }
    self.solver = solver
    self.data = data
    self.label = label
  }

  mutating func runOnce() throws {
    // As after a data layer wrote a new batch.
    _ = data.data.mutableValues
    _ = label.data.mutableValues
    try solver.step(1)
    losses.append(loss)
  }

  /// The weighted sum of the net's losses in the last pass.
  private var loss: Float {
    var total: Float = 0
    for node in solver.net.layers {
      for (top, weight) in zip(node.tops, node.lossWeights) where weight != 0 { total += weight * top.data.values[0] }
    }
    return total
  }

  func result() -> [Float] { losses }
}
