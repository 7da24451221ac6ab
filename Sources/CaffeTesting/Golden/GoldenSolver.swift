public import Caffe
import CaffeCore
import CaffeHDF5
import CaffeProto
import CaffeSolvers
public import FoundationEssentials

/// The course of a training run of the original Caffe: losses, rates, and the parameters on the way.
public struct GoldenSolver: Sendable {
  public let name: String
  public let tolerance: Float
  /// The solver, its net inside.
  private let definition: SolverDefinition
  private let folder: URL
  private let iterations: Int

  private let initial: [Recording]
  private let losses: [Float]
  /// nil where asking for the rate would change the run.
  private let rates: [Float]?
  private let parameters: [Int: [Recording]]
  private let resumed: [Recording]
  private let testOutputs: [Recording]

  /// Reads `<case>.h5`; the data and snapshots lie beside it.
  public init(contentsOf file: URL) throws {
    let root = try HDF5File(reading: file.path).root
    name = file.deletingPathExtension().lastPathComponent
    folder = file.deletingLastPathComponent()
    tolerance = try root.float(attribute: "tolerance")
    iterations = try root.integer(attribute: "iterations")
    var definition = try SolverDefinition(
      text: root.string(attribute: "solver_prototxt"), file: "\(name).solver.prototxt")
    definition.parameter.clearNet()
    definition.parameter.netParam = try NetDefinition(
      text: root.string(attribute: "net_prototxt"), file: definition.parameter.net
    ).parameter
    self.definition = definition
    initial = try root.recordings(in: "init")
    losses = try root.dataset("loss").floats()
    rates = try root.contains("lr") ? root.dataset("lr").floats() : nil
    resumed = try root.recordings(in: "resumed")
    testOutputs = try root.recordings(in: "test")
    var parameters: [Int: [Recording]] = [:]
    for name in try root.names() where name.hasPrefix("iter") {
      if let iteration = Int(name.dropFirst("iter".count)) { parameters[iteration] = try root.recordings(in: name) }
    }
    self.parameters = parameters
  }

  /// The types of the layers that the net names.
  public var layerTypes: [String] { definition.parameter.netParam.layer.map(\.type) }

  /// Throws a `CheckFailure` unless an engine agrees with everything recorded.
  public func check(on engine: EngineChoice, registry: LayerRegistry = .standard) throws {
    try CheckFailure.check("\(name) on \(engine)", disagreements(on: engine, registry: registry))
  }

  /// Trains as the recorded run did, tests, resumes from the recorded snapshots, and compares.
  public func disagreements(on engine: EngineChoice, registry: LayerRegistry = .standard) throws -> [Disagreement] {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "golden-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    var definition = definition
    try definition.parameter.netParam.listHDF5Files(of: folder, in: scratch)
    let environment = NetEnvironment.forTesting(registry: registry, engine: engine)
    var comparison = Comparison(tolerance: tolerance)

    let solver = try Solver(definition, in: environment)
    solver.net.set(initial, in: &comparison, at: "init")
    var losses: [Float] = []
    var rates: [Float] = []
    solver.onGradientsReady.append { [unowned solver] in
      losses.append(solver.net.weightedLoss)
      if self.rates != nil { rates.append(solver.learningRate()) }
    }
    for iteration in 1...iterations {
      try solver.step(1)
      guard let recorded = parameters[iteration] else { continue }
      solver.net.compareParameters(recorded, \.data, in: &comparison, at: "iter\(iteration)")
    }
    comparison.compare(losses, self.losses, at: "loss")
    if let recorded = self.rates { comparison.compare(rates, recorded, at: "lr") }
    if !testOutputs.isEmpty { try compareTest(of: solver, &comparison) }

    for suffix in ["", ".h5"] {
      let snapshot = folder.appending(path: "\(name)_iter_10.solverstate\(suffix)").path
      guard !resumed.isEmpty, FileManager.default.fileExists(atPath: snapshot) else { continue }
      let solver = try Solver(definition, in: environment)
      try solver.restore(from: snapshot)
      try solver.step(10)
      solver.net.compareParameters(resumed, \.data, in: &comparison, at: "resumed\(suffix)")
    }
    return comparison.disagreements
  }

  private func compareTest(of solver: Solver, _ comparison: inout Comparison) throws {
    let net = solver.testNets[0]
    let means = try solver.test(0) ?? []
    let names = net.outputs.map { net.blobNames[$0] }
    comparison.compareExactly(names, testOutputs.map(\.name), at: "test outputs")
    comparison.compare(means, testOutputs.flatMap(\.values), at: "test")
  }
}

extension Net {
  /// The loss of the last forward pass.
  var weightedLoss: Float {
    var loss: Float = 0
    for node in layers {
      for (top, weight) in zip(node.tops, node.lossWeights) where weight != 0 {
        for value in top.data.values { loss += weight * value }
      }
    }
    return loss
  }
}

extension NetParameter {
  /// Gives HDF5Data layers lists in `scratch`, in which the names of the files lead into `folder`.
  fileprivate mutating func listHDF5Files(of folder: URL, in scratch: URL) throws {
    for index in layer.indices where layer[index].type == "HDF5Data" {
      let source = layer[index].hdf5DataParam.source
      let list = try String(contentsOf: folder.appending(path: source), encoding: .utf8)
      let files = list.split(whereSeparator: \.isWhitespace).map { folder.appending(path: String($0)).path }
      let rewritten = scratch.appending(path: source)
      try files.joined(separator: "\n").write(to: rewritten, atomically: true, encoding: .utf8)
      layer[index].hdf5DataParam.source = rewritten.path
    }
  }
}
