import Caffe
import CaffeTesting
import Foundation
import Logging
import Testing

/// A net that needs no files: two batches of constants would teach nothing, so its data are drawn anew in each pass.
private let net = """
  name: "small"
  layer {
    name: "data" type: "DummyData" top: "data" top: "target"
    dummy_data_param {
      shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
      data_filler { type: "gaussian" } data_filler { type: "uniform" }
    }
  }
  layer {
    name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1"
    inner_product_param { num_output: 8 weight_filler { type: "xavier" } }
  }
  layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" include { phase: TRAIN } }
  layer {
    name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } }
  }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "target" top: "loss" }
  """

@Suite struct `A solver` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func makeSolver(_ fields: String, seed: UInt64 = 7, logger: Logger = .silent) throws -> Solver {
    let text = """
      base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 snapshot_prefix: "\(folder.path)/run" \(fields)
      net_param { \(net) }
      """
    return try Solver(SolverDefinition(text: text, file: "solver.prototxt"), in: .standard(seed: seed, logger: logger))
  }

  private func weights(_ solver: Solver) -> [[Float]] {
    solver.net.learnableParameters.map { Array($0.blob.data.values) }
  }

  @Test func `gives the same weights for the same seed, and others for another`() throws {
    let first = try makeSolver("max_iter: 5")
    let second = try makeSolver("max_iter: 5")
    let other = try makeSolver("max_iter: 5", seed: 8)
    for solver in [first, second, other] { try solver.step(5) }
    #expect(weights(first) == weights(second))
    #expect(weights(first) != weights(other))
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"], ["SGD", "Adam"])
  func `resumes to the very weights of an uninterrupted run`(format: String, type: String) throws {
    let fields = #"max_iter: 9 type: "\#(type)" snapshot_format: \#(format) average_loss: 3"#
    let whole = try makeSolver(fields)
    try whole.step(9)

    let interrupted = try makeSolver(fields)
    try interrupted.step(4)
    let state = try interrupted.snapshot()
    // Another seed: what matters must come from the snapshot.
    let resumed = try makeSolver(fields, seed: 99)
    try resumed.restore(from: state)
    #expect(resumed.iteration == 4)
    try resumed.step(5)
    #expect(weights(resumed) == weights(whole))
    #expect(resumed.history.map { Array($0.data.values) } == whole.history.map { Array($0.data.values) })
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"]) func `resumes with the hidden state of a recurrent layer`(format: String)
    throws
  {
    let recurrent = """
      layer {
        name: "data" type: "DummyData" top: "x" top: "cont" top: "target"
        dummy_data_param {
          shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } shape { dim: 3 dim: 2 dim: 5 }
          data_filler { type: "gaussian" } data_filler { value: 1 } data_filler { type: "gaussian" }
        }
      }
      layer {
        name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "h"
        recurrent_param { num_output: 5 weight_filler { type: "xavier" } }
      }
      layer { name: "loss" type: "EuclideanLoss" bottom: "h" bottom: "target" top: "loss" }
      """
    func makeSolver(seed: UInt64) throws -> Solver {
      let text = """
        base_lr: 0.05 lr_policy: "fixed" max_iter: 6 snapshot_prefix: "\(folder.path)/run" snapshot_format: \(format)
        net_param { \(recurrent) }
        """
      return try Solver(SolverDefinition(text: text, file: "solver"), in: .standard(seed: seed, logger: .silent))
    }
    let whole = try makeSolver(seed: 1)
    try whole.step(6)
    let interrupted = try makeSolver(seed: 1)
    try interrupted.step(3)
    let resumed = try makeSolver(seed: 2)
    try resumed.restore(from: interrupted.snapshot())
    try resumed.step(3)
    #expect(weights(resumed) == weights(whole))
  }

  @Test func `writes a snapshot whole: nothing else lies in the folder`() throws {
    let solver = try makeSolver("max_iter: 2 snapshot: 2")
    try solver.solve()
    #expect(try folder.contents() == ["run_iter_2.caffemodel", "run_iter_2.solverstate"])
  }

  @Test func `writes a last snapshot only when none was just written`() throws {
    try makeSolver("max_iter: 3 snapshot: 2").solve()
    #expect(
      try folder.contents() == [
        "run_iter_2.caffemodel", "run_iter_2.solverstate", "run_iter_3.caffemodel", "run_iter_3.solverstate",
      ])
  }

  @Test func `stops on request, with a snapshot`() throws {
    let solver = try makeSolver("max_iter: 100")
    var asked = 0
    solver.requestedAction = {
      asked += 1
      return asked == 3 ? .stop : .none
    }
    try solver.solve()
    #expect(solver.iteration == 3)
    #expect(solver.wasStopped)
    #expect(try folder.contents().contains("run_iter_3.solverstate"))
  }

  @Test func `says before it starts that the snapshot folder is missing`() throws {
    let text = """
      base_lr: 1 lr_policy: "fixed" max_iter: 1 snapshot: 1 snapshot_prefix: "\(folder.path)/no/such/run" net_param { \(net) }
      """
    let error = #expect(throws: SolverError.self) {
      try Solver(SolverDefinition(text: text, file: "solver.prototxt"), in: .standard(seed: 1, logger: .silent))
    }
    #expect(error?.problem.hasPrefix("Cannot write to snapshot prefix '\(folder.path)/no/such/run'") == true)
  }

  @Test func `trains on when a snapshot cannot be written`() throws {
    let solver = try makeSolver("max_iter: 6 snapshot: 2 snapshot_after_train: false")
    // A folder in the way of the file makes the renaming fail.
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/run_iter_2.caffemodel/x", withIntermediateDirectories: true)
    try solver.solve()
    #expect(solver.iteration == 6)
    #expect(
      try folder.contents() == [
        "run_iter_2.caffemodel", "run_iter_4.caffemodel", "run_iter_4.solverstate", "run_iter_6.caffemodel",
        "run_iter_6.solverstate",
      ])
  }

  @Test func `names the layer that produced the first NaN`() throws {
    let solver = try makeSolver("max_iter: 5")
    solver.net.layer("ip2")!.layer.parameters[1].data.mutableValues[0] = .nan
    let error = #expect(throws: SolverError.self) { try solver.step(1) }
    #expect(error?.problem == "the loss is NaN at iteration 0: parameter 1 of layer 'ip2' is NaN")
  }

  @Test func `refuses a snapshot of another type of solver, naming the file`() throws {
    let sgd = try makeSolver("max_iter: 1")
    try sgd.step(1)
    let state = try sgd.snapshot()
    let adam = try makeSolver(#"max_iter: 1 type: "Adam""#)
    let error = #expect(throws: SolverError.self) { try adam.restore(from: state) }
    #expect(error?.problem == "Incorrect length of history blobs.")
    #expect(error?.file == state)
  }

  @Test func `refuses a damaged snapshot`() throws {
    let solver = try makeSolver("max_iter: 1")
    try solver.step(1)
    let state = try solver.snapshot()
    let bytes = try Data(contentsOf: URL(filePath: state))
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: state))
    let error = #expect(throws: (any Error).self) { try solver.restore(from: state) }
    #expect("\(try #require(error))".contains(state))
  }

  @Test(arguments: ["iter_size: -1", "iter_size: 0", "test_iter: -3 test_interval: 1"])
  func `refuses a number of passes below 1`(fields: String) {
    let error = #expect(throws: SolverError.self) { try makeSolver("max_iter: 1 \(fields)") }
    #expect(error?.problem.hasSuffix("but must be at least 1") == true)
  }

  @Test func `refuses a momentum where the rule has none`() {
    for type in ["AdaGrad", "RMSProp"] {
      let error = #expect(throws: SolverError.self) { try makeSolver(#"max_iter: 1 type: "\#(type)""#) }
      #expect(error?.problem == "Momentum cannot be used with \(type).")
    }
  }

  @Test func `logs displayed iterations in the form that log parsers read`() throws {
    let log = KeptLog()
    try makeSolver("max_iter: 2 display: 1 snapshot_after_train: false", logger: log.logger).solve()
    let lines = log.lines.filter { $0.contains("Iteration") || $0.contains("output #") }
    #expect(lines.count == 7)
    #expect(lines[0].wholeMatch(of: /Iteration 0 \([\d.e+-]+ iter\/s, [\d.e+-]+s\/1 iters\), loss = [\d.e+-]+/) != nil)
    #expect(lines[1].wholeMatch(of: /\ \ \ \ Train net output #0: loss = ([\d.e+-]+) \(\* 1 = [\d.e+-]+ loss\)/) != nil)
    #expect(lines[2] == "Iteration 0, lr = 0.05")
    #expect(lines[6].wholeMatch(of: /Iteration 2, loss = [\d.e+-]+/) != nil)
  }

  @Test func `averages gradients over iter_size passes`() throws {
    let solver = try makeSolver("max_iter: 1 iter_size: 4")
    try solver.step(1)
    // The steps of plain passes, taken by hand from the same start.
    let reference = try makeSolver("max_iter: 1")
    reference.net.clearParameterDiffs()
    for _ in 0..<4 {
      try reference.net.forward()
      try reference.net.backward()
    }
    for (parameter, trained) in zip(reference.net.learnableParameters, solver.net.learnableParameters) {
      for i in 0..<parameter.blob.count {
        let expected = parameter.blob.data.values[i] - 0.05 * parameter.blob.diff.values[i] / 4
        #expect(abs(trained.blob.data.values[i] - expected) < 1e-6)
      }
    }
  }
}
