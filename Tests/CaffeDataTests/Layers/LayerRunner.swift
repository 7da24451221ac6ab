import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Logging
import Testing

/// A data layer on its own, with its tops.
final class LayerRunner<Kind: StatefulLayer> {
  let layer: Kind
  let tops: [Blob]

  /// Sets a layer up from a prototxt of one layer, in which fixtures are named relative to their folder.
  init(
    _ prototxt: String, phase: Phase = .test, seed: UInt64 = 1, rank: Int = 0, solverCount: Int = 1,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws {
    var text = prototxt
    for field in ["source", "mean_file", "root_folder"] {
      text = text.replacingOccurrences(
        of: "\(field): \"(?!/)", with: "\(field): \"\(fixture(""))/", options: .regularExpression)
    }
    let net = try Prototxt.parse(NetParameter.self, text: text, file: "test")
    let context = LayerContext(
      phase: phase, engine: ReferenceEngine(), registry: LayerRegistry(), seed: seed, rank: rank,
      solverCount: solverCount, logger: logger)
    layer = try Kind(net.layer[0], in: context)
    tops = net.layer[0].top.map { _ in Blob() }
    try layer.setUp([], tops)
    try layer.reshape([], tops)
  }

  /// The values of each top after a pass.
  @discardableResult
  func pass() throws -> [[Float]] {
    if Kind.reshapesEveryPass { try layer.reshape([], tops) }
    try layer.forward([], tops)
    return tops.map { Array($0.data.values) }
  }

  /// The values of one top over some passes.
  @discardableResult
  func passes(_ count: Int, top: Int = 0) throws -> [Float] { try (0..<count).flatMap { _ in try pass()[top] } }
}

/// Batches that Caffe put out, and the layer that did it.
struct GoldenBatches {
  private let root: HDF5Group
  let prototxt: String
  let phase: Phase
  let tops: [String]

  init(_ name: String) throws {
    root = try HDF5File(reading: fixture("\(name).h5")).root
    prototxt = try root.string(attribute: "prototxt")
    phase = try root.string(attribute: "phase") == "TRAIN" ? .train : .test
    tops = try Prototxt.parse(NetParameter.self, text: prototxt, file: name).layer[0].top
  }

  /// Compares every batch with what the layer puts out.
  func check<Kind: StatefulLayer>(_ runner: LayerRunner<Kind>) throws {
    for (blob, top) in zip(runner.tops, tops) {
      #expect(try blob.shape.dimensions == root.integers(attribute: "setup_shape_\(top)"))
    }
    let tolerance = try #require(root.floats(attribute: "tolerance").first)
    for batch in 0..<(try root.integers(attribute: "batches")[0]) {
      try runner.pass()
      for (blob, top) in zip(runner.tops, tops) {
        let expected = try root.dataset("batch\(batch)/\(top)")
        #expect(blob.shape.dimensions == expected.shape)
        // A tolerance in grey levels is absolute.
        let agree = try zip(blob.data.values, expected.floats()).allSatisfy {
          abs($0 - $1) <= tolerance * (tolerance > 0.1 ? 1 : max(1, abs($1)))
        }
        #expect(agree, "batch \(batch), \(top)")
      }
    }
  }
}
