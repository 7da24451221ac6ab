import Caffe
import Foundation
import Testing

@Suite struct `A solver file` {
  private let fields = """
    warmup_iter: 500 warmup_start_lr: 0.001 min_lr: 0.0001 plateau_winsize: 1000 plateau_winsize: 2000
    monitor: "accuracy" monitor_mode: MAX monitor_min_delta: 0.25 early_stop_tests: 5 snapshot_best: true
    type: "AdamW" lr_policy: "plateau" gamma: 0.5
    """

  @Test func `with the fields of this package is read and printed again`() throws {
    let solver = try SolverDefinition(text: fields, file: "solver.prototxt").parameter
    #expect(solver.warmupIter == 500)
    #expect(solver.warmupStartLr == 0.001)
    #expect(solver.minLr == 0.0001)
    #expect(solver.plateauWinsize == [1000, 2000])
    #expect(solver.monitor == "accuracy")
    #expect(solver.monitorMode == .max)
    #expect(solver.monitorMinDelta == 0.25)
    #expect(solver.earlyStopTests == 5)
    #expect(solver.snapshotBest)
    let text = Prototxt.print(solver)
    #expect(text.contains("monitor_mode: MAX\n"))
    #expect(try Prototxt.parse(SolverParameter.self, text: text, file: "printed") == solver)
  }

  @Test(arguments: [
    (#"type: "Sgd""#, "Unknown solver type: Sgd (known types: AdaDelta, AdaGrad, Adam, AdamW, Nesterov, RMSProp, SGD)"),
    (#"regularization_type: "L3""#, "Unknown regularization type: L3"),
    (#"type: "RMSProp" rms_decay: 1"#, "rms_decay should lie between 0 and 1, not 1.0"),
    (#"type: "RMSProp" rms_decay: -0.1"#, "rms_decay should lie between 0 and 1, not -0.1"),
    (#"type: "AdaGrad" momentum: 0.9"#, "Momentum cannot be used with AdaGrad."),
    ("average_loss: 0", "average_loss should be non-negative: it is 0, but must be at least 1"),
  ])
  func `with a setting that cannot be is refused, and named`(fields: String, problem: String) throws {
    let bench = try Workbench()
    let error = #expect(throws: SolverError.self) {
      try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed" \#(fields)"#)
    }
    #expect(error?.problem == problem)
    #expect(error?.description.hasPrefix("solver.prototxt: error: \(problem)") == true)
  }
}

@Suite struct `The page on solvers` {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

  /// The fields of the message, each with its default.
  private static func fields() throws -> [(name: String, value: String)] {
    let proto = try String(contentsOf: root.appending(path: "Sources/CaffeProto/caffe.proto"), encoding: .utf8)
    let start = try #require(proto.range(of: "message SolverParameter {")).upperBound
    let message = proto[start...].split(separator: "\nmessage ")[0]
    let field = #/^  (?:optional|repeated) \w+ (\w+) = \d+(?: \[default = ([^\]]+)\])?;/#.anchorsMatchLineEndings()
    return message.matches(of: field).map { (String($0.1), $0.2.map(String.init) ?? "") }
  }

  @Test func `lists every field with its default`() throws {
    let fields = try Self.fields()
    #expect(fields.count > 50)
    let page = try String(
      contentsOf: Self.root.appending(path: "Sources/Caffe/Caffe.docc/Solvers.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
      $0.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    for field in fields {
      let row = rows.first { $0[1] == "`\(field.name)`" || $0[1] == "`\(field.name)` °" }
      #expect(row?[2] == field.value, "\(field.name)")
    }
  }

  @Test func `names every policy and every rule`() throws {
    let page = try String(
      contentsOf: Self.root.appending(path: "Sources/Caffe/Caffe.docc/Solvers.md"), encoding: .utf8)
    for policy in LearningRatePolicies.all { #expect(page.contains("lr_policy: \"\(policy.name)\"")) }
    for rule in UpdateRules.all { #expect(page.contains("type: \"\(rule.type)\"")) }
  }
}
