import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `The nets of a solver` {
  private let bench: Workbench
  private let rate = #"base_lr: 1 lr_policy: "fixed""#

  init() throws { bench = try Workbench() }

  /// A net with one weight, named like its layer.
  private func net(_ layers: String...) -> String {
    layers.map { #"layer { name: "\#($0)" type: "Parameter" top: "\#($0)" parameter_param { shape { dim: 1 } } }"# }
      .joined()
  }

  /// Writes a weight file for some layers.
  private func writeWeights(_ values: [(layer: String, value: Float)], to file: String) throws -> String {
    let path = "\(bench.folder.path)/\(file)"
    var proto = NetParameter()
    proto.layer = values.map { entry in
      .with {
        $0.name = entry.layer
        $0.blobs = [
          .with {
            $0.shape.dim = [1]
            $0.data = [entry.value]
          }
        ]
      }
    }
    try BinaryProto.write(proto, path: path)
    return path
  }

  private func problem(_ fields: String, net: String = "") -> String? {
    #expect(throws: SolverError.self) { try bench.makeSolver("\(rate) \(fields)", net: net) }?.problem
  }

  @Test func `start from the weights of each file in turn, the train net and the test nets`() throws {
    let a = try writeWeights([("x", 1), ("y", 2)], to: "a.caffemodel")
    let b = try writeWeights([("y", 3), ("other", 9)], to: "b.caffemodel")
    let log = KeptLog()
    for weights in [#"weights: "\#(a),\#(b)""#, #"weights: " \#(a), \#(b) ,""#, #"weights: "\#(a)" weights: "\#(b)""#] {
      let solver = try bench.makeSolver(
        "\(rate) \(weights) test_iter: 1 test_interval: 1", net: net("x", "y", "z"), logger: log.logger)
      for net in [solver.net] + solver.testNets {
        #expect(net.learnableParameters.map { $0.blob.data.values[0] } == [1, 3, 0])
      }
    }
    #expect(
      log.lines.filter { $0.hasPrefix("Finetuning") }.prefix(2) == ["Finetuning from \(a)", "Finetuning from \(b)"])
    let turned = try bench.makeSolver(#"\#(rate) weights: "\#(b),\#(a)""#, net: net("x", "y"))
    #expect(turned.weights == [[1], [2]])
  }

  @Test func `say which layers got weights, which did not, and which weights nobody used`() throws {
    let a = try writeWeights([("x", 1), ("other", 9)], to: "a.caffemodel")
    let b = try writeWeights([("y", 3)], to: "b.caffemodel")
    let log = KeptLog()
    _ = try bench.makeSolver(#"\#(rate) weights: "\#(a),\#(b)""#, net: net("x", "y", "z"), logger: log.logger)
    for line in [
      "2 layers take their weights from the file: x, y", "1 layer is not in the file and starts from its filler: z",
      "1 layer of the file is not in the net: other",
    ] {
      #expect(log.lines.count { $0 == line } == 1, "\(line)")
    }
    let stranger = KeptLog()
    _ = try bench.makeSolver(#"\#(rate) weights: "\#(b)""#, net: net("x"), logger: stranger.logger)
    #expect(stranger.lines.contains { $0.hasPrefix("No layer of the net has the name of a layer in the weight file") })
  }

  @Test func `need weight files that exist`() throws {
    let error = #expect(throws: (any Error).self) {
      try bench.makeSolver(#"\#(rate) weights: "none.caffemodel""#, net: net("x"))
    }
    #expect("\(try #require(error))".contains("File not found: none.caffemodel"))
  }

  @Test func `are tested in the order test_net_param, test_net, then the generic net, each in its state`() throws {
    let file = "\(bench.folder.path)/file.prototxt"
    try #"name: "file" \#(net("x"))"#.write(toFile: file, atomically: true, encoding: .utf8)
    let generic = """
      name: "generic" state { stage: "own" } \(net("x"))
      layer { name: "a" type: "Power" bottom: "x" top: "a" include { phase: TEST stage: "a" stage: "own" } }
      layer { name: "b" type: "Power" bottom: "x" top: "b" include { phase: TEST min_level: 2 } }
      """
    let log = KeptLog()
    let solver = try bench.makeSolver(
      """
      \(rate) test_net: "\(file)" test_net_param { name: "inline" \(net("x")) } test_interval: 5
      test_iter: 1 test_iter: 2 test_iter: 3 test_iter: 4
      test_state {} test_state {} test_state { stage: "a" } test_state { level: 2 }
      """, net: generic, logger: log.logger)
    #expect(solver.testNets.map(\.name) == ["inline", "file", "generic", "generic"])
    #expect(solver.testNets[2].layer("a") != nil)
    #expect(solver.testNets[2].layer("b") == nil)
    #expect(solver.testNets[3].layer("a") == nil)
    #expect(solver.testNets[3].layer("b") != nil)
    #expect(
      log.lines.filter { $0.hasPrefix("Creating test net") } == [
        "Creating test net (#0) specified by test_net_param",
        "Creating test net (#1) specified by test_net file: \(file)", "Creating test net (#2) specified by net_param",
        "Creating test net (#3) specified by net_param",
      ])
  }

  @Test func `are refused without exactly one to train`() {
    let fields = "net, net_param, train_net, train_net_param"
    #expect(problem("") == "SolverParameter must specify a train net using one of these fields: \(fields)")
    #expect(
      problem(#"train_net: "a.prototxt""#, net: net("x"))
        == "SolverParameter must not contain more than one of these fields specifying a train_net: \(fields)")
  }

  @Test func `are refused without a number of batches for each test net`() {
    let text = "test_iter must be specified for each test network."
    #expect(problem("test_net_param {} test_interval: 1", net: net("x")) == text)
    #expect(problem("train_net_param {} test_net_param {} test_iter: 1 test_iter: 1 test_interval: 1") == text)
  }

  @Test func `are refused with states for some test nets only`() {
    #expect(
      problem("test_iter: 1 test_iter: 1 test_interval: 1 test_state {}", net: net("x"))
        == "test_state must be unspecified or specified once per test net.")
  }

  @Test func `are refused without a test_interval`() {
    #expect(
      problem("test_iter: 1", net: net("x")) == "test_interval must be greater than 0 where there is a test net")
  }

  @Test func `are refused where their file does not exist`() throws {
    let error = #expect(throws: (any Error).self) { try bench.makeSolver(#"\#(rate) net: "none.prototxt""#, net: "") }
    #expect("\(try #require(error))".contains("File not found: none.prototxt"))
  }
}
