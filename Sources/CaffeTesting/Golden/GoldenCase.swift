public import Caffe
public import CaffeCore
import CaffeHDF5
import CaffeProto
public import FoundationEssentials

/// What the original Caffe computed for one small net: its definition, what was put in, and everything that came out.
///
///     try GoldenCase(contentsOf: folder.appending(path: "LRN_across.h5")).check(on: .oneDNN)
public struct GoldenCase: Sendable {
  public let name: String
  /// The net; files it reads are found beside the golden file.
  public let definition: NetDefinition
  public let phase: Phase
  public let level: Int
  public let stages: [String]
  /// A value `a` agrees with a recorded `b` when |a − b| ≤ tolerance · max(1, |b|).
  public let tolerance: Float
  /// A remark of those who recorded the case; empty for most.
  public let note: String

  /// The types of the layers of the built net, implicit splits included.
  public let layerTypes: [String]
  private let layerNames: [String]
  private let blobNames: [String]
  private let inputs: [String]
  private let outputs: [String]

  private let parameters: [Recording]
  private let steps: [Step]
  private let runsBackward: Bool
  private let clearsParameterDiffs: Bool
  /// Input blobs whose gradient the original never writes.
  private let blobsWithoutDiff: [String]

  /// Reads a golden file.
  public init(contentsOf file: URL) throws {
    let root = try HDF5File(reading: file.path).root
    name = file.deletingPathExtension().lastPathComponent
    var definition = try NetDefinition(text: root.string(attribute: "prototxt"), file: name)
    definition.parameter.findFiles(in: file.deletingLastPathComponent())
    self.definition = definition
    phase = try root.string(attribute: "phase") == "TEST" ? .test : .train
    level = try root.integer(attribute: "level")
    stages = try root.lines(attribute: "stages")
    tolerance = try root.float(attribute: "tolerance")
    note = try root.string(attribute: "note")
    layerTypes = try root.lines(attribute: "layer_types")
    layerNames = try root.lines(attribute: "layer_names")
    blobNames = try root.lines(attribute: "blob_names")
    inputs = try root.lines(attribute: "inputs")
    outputs = try root.lines(attribute: "outputs")
    runsBackward = try root.integer(attribute: "backward") == 1
    clearsParameterDiffs = try root.integer(attribute: "clear_param_diffs") == 1
    blobsWithoutDiff = try root.lines(attribute: "blobs_without_diff")
    parameters = try root.recordings(in: "param")
    let count = try root.integer(attribute: "steps")
    steps = try (0..<count).map { try Step(reading: $0 == 0 ? root : root.group("step\($0)")) }
  }

  /// Throws a `CheckFailure` unless an engine agrees with everything recorded.
  public func check(on engine: EngineChoice, registry: LayerRegistry = .standard) throws {
    try CheckFailure.check("\(name) on \(engine)", disagreements(on: engine, registry: registry))
  }

  /// Does all that was recorded, in the same order, and compares.
  ///
  /// - Throws: what building or running the net throws.
  public func disagreements(on engine: EngineChoice, registry: LayerRegistry = .standard) throws -> [Disagreement] {
    let net = try Net(
      definition, phase: phase, level: level, stages: stages, in: .forTesting(registry: registry, engine: engine))
    var comparison = Comparison(tolerance: tolerance)
    comparison.compareExactly(net.layers.map(\.name), layerNames, at: "layer_names")
    comparison.compareExactly(net.layers.map(\.type), layerTypes, at: "layer_types")
    comparison.compareExactly(net.blobNames, blobNames, at: "blob_names")
    comparison.compareExactly(net.inputs.map { net.blobNames[$0] }, inputs, at: "inputs")
    comparison.compareExactly(net.outputs.map { net.blobNames[$0] }, outputs, at: "outputs")
    let learned = net.layers.flatMap { node in node.layer.parameters.indices.map { "\(node.name)/\($0)" } }
    comparison.compareExactly(learned.sorted(), parameters.map(\.name).sorted(), at: "param")

    net.set(parameters, in: &comparison, at: "param")
    for (index, step) in steps.enumerated() {
      try run(step, on: net, &comparison, prefix: index == 0 ? "" : "step\(index)/")
    }
    return comparison.disagreements
  }

  private func run(_ step: Step, on net: Net, _ comparison: inout Comparison, prefix: String) throws {
    for recording in step.bottoms {
      guard let blob = net.blob(recording.name) else {
        comparison.note("\(prefix)bottom/\(recording.name)", expected: "a blob", actual: "none")
        continue
      }
      blob.reshape(to: recording.shape)
      _ = blob.data.uninitializedValues.update(from: recording.values)
    }
    let loss = try net.forward()
    comparison.compare([loss], [step.loss], at: "\(prefix)loss")
    net.compare(step.tops, \.data, in: &comparison, at: "\(prefix)top")
    net.compare(step.inner, \.data, in: &comparison, at: "\(prefix)inner")

    if runsBackward {
      if clearsParameterDiffs { net.clearParameterDiffs() }
      for recording in step.topDiffs {
        guard let blob = net.blob(recording.name), blob.count == recording.values.count else { continue }
        _ = blob.diff.uninitializedValues.update(from: recording.values)
      }
      try net.backward()
      net.compare(step.bottomDiffs, \.diff, in: &comparison, at: "\(prefix)bottom_diff")
      net.compare(step.innerDiffs, \.diff, in: &comparison, at: "\(prefix)inner_diff")
      net.compareParameters(step.parameterDiffs, \.diff, in: &comparison, at: "\(prefix)param_diff")
      for name in blobsWithoutDiff {
        guard let blob = net.blob(name), !blob.diff.isZero else { continue }
        comparison.compare(blob.diff.values, repeatElement(0, count: blob.count), at: "\(prefix)bottom_diff/\(name)")
      }
    }
    net.compareParameters(step.parametersAfter, \.data, in: &comparison, at: "\(prefix)param_after")
  }
}

extension GoldenCase {
  /// One forward pass, and mostly a backward pass.
  private struct Step: Sendable {
    var loss: Float
    var bottoms: [Recording]
    var tops: [Recording]
    var inner: [Recording]
    var topDiffs: [Recording]
    var bottomDiffs: [Recording]
    var innerDiffs: [Recording]
    var parameterDiffs: [Recording]
    var parametersAfter: [Recording]

    init(reading group: HDF5Group) throws {
      loss = try group.float(attribute: "loss")
      bottoms = try group.recordings(in: "bottom")
      tops = try group.recordings(in: "top")
      inner = try group.recordings(in: "inner")
      topDiffs = try group.recordings(in: "top_diff")
      bottomDiffs = try group.recordings(in: "bottom_diff")
      innerDiffs = try group.recordings(in: "inner_diff")
      parameterDiffs = try group.recordings(in: "param_diff")
      parametersAfter = try group.recordings(in: "param_after")
    }
  }
}

extension NetParameter {
  /// Makes the names of the files that layers read lead into a folder, as golden nets name them by their own.
  mutating func findFiles(in folder: URL) {
    for index in layer.indices where layer[index].infogainLossParam.hasSource {
      layer[index].infogainLossParam.source = folder.appending(path: layer[index].infogainLossParam.source).path
    }
  }
}

extension NetEnvironment {
  /// The same random numbers every time, and not a word.
  static func forTesting(registry: LayerRegistry, engine: EngineChoice) -> NetEnvironment {
    var environment = NetEnvironment(registry: registry, seed: 1701, makeEngine: { engine.make() })
    environment.logger.logLevel = .critical
    return environment
  }
}
