public import Caffe
import CaffeCore
import CaffeHDF5
public import CaffeProto
public import FoundationEssentials

/// What the original Caffe computed for a known architecture: `<net>.prototxt`, `<net>.caffemodel` and `<net>.h5`.
///
/// A few blobs are recorded in full, the others as their sum and their sum of squares.
public struct GoldenNet: Sendable {
  public let name: String
  public let definition: NetDefinition
  public let tolerance: Float
  private let weights: String
  private let bottoms: [Recording]
  private let phases: [(phase: Phase, record: Record)]

  /// Reads `<net>.h5` and the prototxt beside it.
  public init(contentsOf file: URL) throws {
    let root = try HDF5File(reading: file.path).root
    let stem = file.deletingPathExtension()
    name = stem.lastPathComponent
    definition = try NetDefinition(contentsOf: stem.appendingPathExtension("prototxt").path)
    weights = stem.appendingPathExtension("caffemodel").path
    tolerance = try root.float(attribute: "tolerance")
    bottoms = try root.recordings(in: "bottom")
    phases = try root.lines(attribute: "phases").map { phase in
      (phase == "TEST" ? .test : .train, try Record(reading: root.group(phase)))
    }
  }

  /// The types of the layers that the definition names.
  public var layerTypes: [String] { definition.parameter.layer.map(\.type) }

  /// Throws a `CheckFailure` unless an engine agrees with everything recorded.
  public func check(on engine: EngineChoice, registry: LayerRegistry = .standard) throws {
    try CheckFailure.check("\(name) on \(engine)", disagreements(on: engine, registry: registry))
  }

  /// Runs the net in each phase that was recorded, TRAIN backward too, and compares.
  public func disagreements(on engine: EngineChoice, registry: LayerRegistry = .standard) throws -> [Disagreement] {
    var comparison = Comparison(tolerance: tolerance)
    for (phase, record) in phases {
      let net = try Net(definition, phase: phase, in: .forTesting(registry: registry, engine: engine))
      try net.copyWeights(from: NetParameter.read(binary: weights))
      comparison.compareExactly(net.layers.map(\.name), record.layerNames, at: "\(phase)/layer_names")
      comparison.compareExactly(net.blobNames, record.blobNames, at: "\(phase)/blob_names")
      for recording in bottoms {
        guard let blob = net.blob(recording.name) else { continue }
        blob.reshape(to: recording.shape)
        _ = blob.data.uninitializedValues.update(from: recording.values)
      }
      try net.forward()
      net.compare(record.blobs, \.data, in: &comparison, at: "\(phase)/blob")
      for (index, blob) in net.blobs.enumerated() where 2 * index + 1 < record.blobSums.count {
        let place = "\(phase)/blob_sum_sumsq/\(net.blobNames[index])"
        let recorded = Sums(sum: record.blobSums[2 * index], squares: record.blobSums[2 * index + 1])
        Sums(of: blob.data.values).compare(with: recorded, in: &comparison, at: place)
      }
      guard phase == .train else { continue }
      net.clearParameterDiffs()
      try net.backward()
      net.compare(record.blobDiffs, \.diff, in: &comparison, at: "\(phase)/blob_diff")
      net.compareParameters(record.parameterDiffs, \.diff, in: &comparison, at: "\(phase)/param_diff")
      net.compareParameters(record.parametersAfter, \.data, in: &comparison, at: "\(phase)/param_after")
      for recording in record.parameterDiffSums {
        let place = "\(phase)/param_diff_sum_sumsq/\(recording.name)"
        guard let (layer, index) = recording.parameter, let blob = net.parameter(of: layer, index) else {
          comparison.note(place, expected: "a parameter", actual: "none")
          continue
        }
        let recorded = Sums(
          sum: recording.values[0], squares: recording.values[1], magnitudes: recording.values[2])
        Sums(of: blob.diff.values).compare(with: recorded, in: &comparison, at: place)
      }
    }
    return comparison.disagreements
  }
}

extension GoldenNet {
  private struct Record: Sendable {
    var layerNames: [String]
    var blobNames: [String]
    var blobs: [Recording]
    /// Sum and sum of squares of each blob, in turn.
    var blobSums: [Float]
    var blobDiffs: [Recording]
    var parameterDiffs: [Recording]
    var parameterDiffSums: [Recording]
    var parametersAfter: [Recording]

    init(reading group: HDF5Group) throws {
      layerNames = try group.lines(attribute: "layer_names")
      blobNames = try group.lines(attribute: "blob_names")
      blobs = try group.recordings(in: "blob")
      blobSums = try group.dataset("blob_sum_sumsq").floats()
      blobDiffs = try group.recordings(in: "blob_diff")
      parameterDiffs = try group.recordings(in: "param_diff")
      parameterDiffSums = try group.recordings(in: "param_diff_sum_sumsq")
      parametersAfter = try group.recordings(in: "param_after")
    }
  }

  /// The sums that stand for a large array.
  private struct Sums {
    var sum: Float
    var squares: Float
    var magnitudes: Float?

    init(sum: Float, squares: Float, magnitudes: Float? = nil) {
      self.sum = sum
      self.squares = squares
      self.magnitudes = magnitudes
    }

    init(of values: some Collection<Float>) {
      var total = (sum: 0.0, squares: 0.0, magnitudes: 0.0)
      for value in values {
        total.sum += Double(value)
        total.squares += Double(value) * Double(value)
        total.magnitudes += Double(abs(value))
      }
      self.init(sum: Float(total.sum), squares: Float(total.squares), magnitudes: Float(total.magnitudes))
    }

    /// Sums agree relative to the magnitudes they are made of: terms of both signs may cancel.
    func compare(with recorded: Sums, in comparison: inout Comparison, at place: String) {
      let scale = max(1, magnitudes ?? 0)
      if !(abs(sum - recorded.sum) <= comparison.tolerance * scale) {
        comparison.note("\(place) sum", expected: "\(recorded.sum)", actual: "\(sum)")
      }
      if !(abs(squares - recorded.squares) <= 2 * comparison.tolerance * max(1, recorded.squares)) {
        comparison.note("\(place) sum of squares", expected: "\(recorded.squares)", actual: "\(squares)")
      }
      if let magnitudes, let expected = recorded.magnitudes {
        comparison.compare([magnitudes], [expected], at: "\(place) sum of magnitudes")
      }
    }
  }
}
