import Caffe
import CaffeTesting
import Foundation
import Testing

/// A layer with certain settings, and what to feed it: what every promise of layers is tried on.
struct Specimen: CustomTestStringConvertible, Sendable {
  let type: String
  /// Fields of the layer, in prototxt.
  let settings: String
  let tops: Int
  let bottoms: [TrialBottom]
  /// The bottoms whose first axis is the batch; nil for all.
  var batchBottoms: [Int]?
  /// The bottoms that have a gradient; nil for those to which `force_backward` may go.
  var differentiable: [Int]?
  /// The magnitude at which the function has a kink; nil if it has none.
  var kink: Float?
  var tolerance: Float
  /// Whether the learned blobs are statistics, which have no gradient.
  var hasStatistics: Bool
  /// Whether the gradient is that of Caffe in place, which is another.
  var isSpecialInPlace: Bool

  var testDescription: String { "\(type) \(settings)" }

  /// One specimen for each of the settings of a parameter.
  ///
  /// In the settings, FIXTURES stands for the folder of the fixtures, FILE for a file that may be written, and LIST for a
  /// list of HDF5 files.
  static func of(
    _ type: String, _ parameter: String? = nil, _ settings: [String] = [""], tops: Int = 1, on bottoms: [TrialBottom],
    batchBottoms: [Int]? = nil, differentiable: [Int]? = nil, kink: Float? = nil, tolerance: Float = 3e-3,
    hasStatistics: Bool = false, isSpecialInPlace: Bool = false
  ) -> [Specimen] {
    settings.map { fields in
      Specimen(
        type: type, settings: parameter.map { "\($0) { \(fields) }" } ?? fields, tops: tops,
        bottoms: bottoms, batchBottoms: batchBottoms, differentiable: differentiable, kink: kink, tolerance: tolerance,
        hasStatistics: hasStatistics, isSpecialInPlace: isSpecialInPlace)
    }
  }

  /// Whether the gradient in place is to be that of small steps.
  var worksInPlace: Bool {
    LayerRegistry.standard[type]?.worksInPlace == true && differentiable?.isEmpty != true && !isSpecialInPlace
  }

  func checkContract(on engine: EngineChoice) throws {
    try withTrial { trial in
      var contract = LayerContract(trial)
      if let batchBottoms { contract.batchBottoms = batchBottoms }
      try contract.check(on: engine)
    }
  }

  func checkGradients(on engine: EngineChoice, isInPlace: Bool = false) throws {
    try withTrial { trial in
      var check = GradientCheck(trial)
      check.trial.isInPlace = isInPlace
      check.kink = kink ?? 0
      check.kinkRange = kink == nil ? 0 : 0.02
      check.tolerance = tolerance
      if hasStatistics { check.parameters = [] }
      try check.check(on: engine)
    }
  }

  private func withTrial(_ body: (LayerTrial) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "specimen-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let fixtures = packageFolder.appending(path: "Tests/Fixtures/data")
    let list = folder.appending(path: "list.txt")
    try fixtures.appending(path: "hdf5_0.h5in").path.write(to: list, atomically: true, encoding: .utf8)

    let settings = settings.replacing("FIXTURES", with: fixtures.path).replacing("LIST", with: list.path)
      .replacing("FILE", with: folder.appending(path: "file.h5").path)
    let tops = (0..<tops).map { "top: 'y\($0)'" }.joined(separator: " ")
    var trial = LayerTrial(
      try LayerDefinition(prototxt: "name: 'specimen' type: '\(type)' \(tops) \(settings)"), bottoms: bottoms)
    trial.differentiableBottoms = differentiable
    try body(trial)
  }
}
