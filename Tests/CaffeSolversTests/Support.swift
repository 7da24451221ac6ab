import Caffe
import Foundation
import Logging

/// A folder that is gone when the test is over.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

extension Logger {
  static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// Makes solvers whose snapshots go into a folder of their own, as `run_…`.
struct Workbench {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A solver with these fields and, unless they name one, this net.
  func makeSolver(
    _ fields: String, net: String = Workbench.small, seed: UInt64 = 7, logger: Logger = .silent
  ) throws -> Solver {
    let text = #"snapshot_prefix: "\#(folder.path)/run" \#(fields) \#(net.isEmpty ? "" : "net_param { \(net) }")"#
    return try Solver(SolverDefinition(text: text, file: "solver.prototxt"), in: .standard(seed: seed, logger: logger))
  }

  func bytes(_ file: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(folder.path)/\(file)")) }

  /// A net with chance in it that needs no files.
  static let small = """
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

  /// A net of one weight that is its loss, and in tests its score too: see `Solver.guide`.
  static let guided = """
    layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 } } }
    layer { name: "loss" type: "Reduction" bottom: "w" top: "loss" loss_weight: 1 }
    layer { name: "score" type: "Power" bottom: "w" top: "score" include { phase: TEST } }
    """
}

extension Solver {
  var weights: [[Float]] { net.learnableParameters.map { Array($0.blob.data.values) } }

  /// Makes the weight of the guided net take these values, one an iteration and then the last one, whatever the gradients say.
  func guide(by values: [Float]) {
    let weight = net.learnableParameters[0].blob
    weight.data.mutableValues[0] = values[0]
    onGradientsReady.append { [unowned self] in
      weight.diff.mutableValues[0] = 0
      weight.data.mutableValues[0] = values[min(iteration + 1, values.count - 1)]
    }
  }

  /// The rates of the next updates.
  func rates(of count: Int) throws -> [Float] {
    try (0..<count).map { _ in
      try step(1)
      // Only the policies' own count moved on, so this is the rate that was used, where it does not depend on the iteration.
      return learningRate()
    }
  }
}
