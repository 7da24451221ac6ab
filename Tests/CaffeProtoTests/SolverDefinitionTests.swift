import CaffeProto
import Foundation
import Testing

@Suite struct `Solver definition` {
  static func read(_ text: String, name: String = "solver.prototxt", in directory: String) throws -> SolverDefinition {
    let path = directory + "/" + name
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try SolverDefinition(contentsOf: path)
  }

  @Test func `puts snapshots beside the solver file if nothing says where`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      let solver = try Self.read("base_lr: 1", in: directory)
      #expect(solver.parameter.snapshotPrefix == directory + "/solver")
      #expect(
        solver.notices.map(\.text) == ["snapshot_prefix was not specified and is set to \(directory)/solver"])
    }
  }

  @Test func `puts snapshots into a directory under the solver's name`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      for prefix in [directory, directory + "/"] {
        let solver = try Self.read("snapshot_prefix: '\(prefix)'", name: "quick.v2.prototxt", in: directory)
        #expect(solver.parameter.snapshotPrefix == directory + "/quick.v2")
      }
    }
  }

  @Test func `keeps any other prefix`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      let solver = try Self.read("snapshot_prefix: 'runs/a'", in: directory)
      #expect(solver.parameter.snapshotPrefix == "runs/a")
      #expect(solver.notices.isEmpty)
    }
  }

  @Test func `refuses two types`() {
    #expect(throws: UpgradeError(file: "s.prototxt", problem: .twoSolverTypes)) {
      try SolverDefinition(text: "type: 'SGD' solver_type: ADAM", file: "s.prototxt")
    }
  }

  @Test func `names mistakes as the original does`() {
    do {
      _ = try SolverDefinition(text: "base_rl: 1", file: "s.prototxt")
      Issue.record("no error")
    } catch {
      #expect(
        "\(error)" == """
          s.prototxt:1:1: error: SolverParameter has no field "base_rl"; did you mean "base_lr"?
          base_rl: 1
          ^
          Failed to parse SolverParameter file: s.prototxt (Error parsing text-format caffe.SolverParameter: 1:1: \
          Message type "caffe.SolverParameter" has no field named "base_rl".)
          """)
    }
  }
}
