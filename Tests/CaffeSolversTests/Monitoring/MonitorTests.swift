import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `A watched test` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private func makeSolver(_ fields: String, log: KeptLog = KeptLog()) throws -> Solver {
    try bench.makeSolver(
      #"base_lr: 1 lr_policy: "fixed" test_iter: 1 test_interval: 1 max_iter: 8 \#(fields)"#, net: Workbench.guided,
      logger: log.logger)
  }

  private func bestWeight(_ file: String = "run_best.caffemodel") throws -> Float {
    let solver = try makeSolver("")
    try solver.net.copyWeights(fromFile: "\(bench.folder.path)/\(file)")
    return solver.weights[0][0]
  }

  @Test func `ends training when early_stop_tests tests brought nothing better`() throws {
    let log = KeptLog()
    let solver = try makeSolver(#"monitor: "score" early_stop_tests: 2"#, log: log)
    solver.guide(by: [1, 2, 2, 1.5, 9])
    try solver.solve()
    #expect(solver.iteration == 3)
    #expect(solver.endedEarly)
    #expect(!solver.wasStopped)
    #expect(try bench.folder.contents() == ["run_iter_3.caffemodel", "run_iter_3.solverstate"])
    #expect(
      log.lines.contains(
        """
        Training ends at iteration 3: in the last 2 tests score was not better than 2 of iteration 1 (early_stop_tests: 2).
        """))
    #expect(log.lines.last == "Optimization Done.")
    #expect(log.lines.count { $0.hasSuffix("Testing net (#0)") } == 4)
  }

  @Test func `makes no further updates after the end, until solve is called`() throws {
    let solver = try makeSolver(#"monitor: "score" early_stop_tests: 1"#)
    solver.guide(by: [1, 1, 3, 4, 5, 6, 7, 8, 9])
    try solver.step(5)
    try solver.step(5)
    #expect(solver.iteration == 1)
    try solver.solve()
    #expect(solver.iteration == 1)
  }

  @Test func `goes on as long as there is something better`() throws {
    let solver = try makeSolver(#"monitor: "score" early_stop_tests: 2"#)
    solver.guide(by: [1, 1, 2, 2, 3, 3, 4, 4, 5])
    try solver.solve()
    #expect(solver.iteration == 8)
    #expect(!solver.endedEarly)
  }

  @Test(arguments: [
    ("", "loss", 1), (#"monitor: "loss""#, "loss", 1), (#"monitor: "score""#, "score", 6),
    (#"monitor: "score" monitor_mode: MIN"#, "score", 1), (#"monitor: "loss" monitor_mode: MAX"#, "loss", 6),
    (#"monitor: "score" monitor_min_delta: 2"#, "score", 5),
  ])
  func `is the better the smaller its loss, the larger any other output, or as monitor_mode says`(
    fields: String, output: String, best: Int
  ) throws {
    let log = KeptLog()
    let solver = try makeSolver("\(fields) snapshot_best: true snapshot_after_train: false", log: log)
    solver.guide(by: [3, 5, 4, 1, 6, 2])
    try solver.solve()
    #expect(try bench.folder.contents() == ["run_best.caffemodel"])
    #expect(try bestWeight() == Float(best))
    #expect(log.lines.last { $0.hasPrefix("The best") } == "The best test so far: \(output) = \(best)")
  }

  @Test func `takes the mean of an output with several values`() throws {
    let net = """
      layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 } } }
      layer { name: "loss" type: "Reduction" bottom: "w" top: "loss" loss_weight: 1 }
      layer { name: "c" type: "DummyData" top: "c" dummy_data_param { shape { dim: 1 } data_filler { value: -9 } } }
      layer { name: "pair" type: "Concat" bottom: "w" bottom: "c" top: "pair" concat_param { axis: 0 } include { phase: TEST } }
      """
    let log = KeptLog()
    let solver = try bench.makeSolver(
      #"base_lr: 1 lr_policy: "fixed" test_iter: 1 test_interval: 1 max_iter: 2 monitor: "pair" snapshot_best: true"#,
      net: net, logger: log.logger)
    solver.guide(by: [1, 3, 2])
    try solver.solve()
    #expect(
      log.lines.filter { $0.hasPrefix("The best") } == [
        "The best test so far: pair = -4", "The best test so far: pair = -3",
      ])
  }

  @Test func `writes the best weights in the format of the snapshots`() throws {
    let solver = try makeSolver(
      #"monitor: "score" snapshot_best: true snapshot_after_train: false snapshot_format: HDF5"#)
    solver.guide(by: [1, 3, 2])
    try solver.solve()
    #expect(try bench.folder.contents() == ["run_best.caffemodel.h5"])
    #expect(try bestWeight("run_best.caffemodel.h5") == 3)
  }

  @Test func `counts the test after the last iteration`() throws {
    let solver = try makeSolver(#"monitor: "score" snapshot_best: true snapshot_after_train: false"#)
    solver.guide(by: [1, 1, 1, 1, 1, 1, 1, 1, 7])
    try solver.solve()
    #expect(try bestWeight() == 7)
  }

  @Test func `does not end training when the best weights cannot be written`() throws {
    let log = KeptLog()
    let solver = try makeSolver(#"monitor: "score" snapshot_best: true snapshot_after_train: false"#, log: log)
    try FileManager.default.createDirectory(
      atPath: "\(bench.folder.path)/run_best.caffemodel/x", withIntermediateDirectories: true)
    try solver.solve()
    #expect(solver.iteration == 8)
    #expect(
      log.lines.contains {
        $0.hasSuffix("The weights of iteration 0, the best so far, were not written; training goes on.")
      })
  }

  @Test func `that is NaN is never better, and counts`() throws {
    let net = """
      layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 } } }
      layer { name: "loss" type: "Reduction" bottom: "w" top: "loss" loss_weight: 1 }
      layer { name: "root" type: "Power" bottom: "w" top: "root" power_param { power: 0.5 } include { phase: TEST } }
      """
    let log = KeptLog()
    let solver = try bench.makeSolver(
      """
      base_lr: 1 lr_policy: "fixed" test_iter: 1 test_interval: 1 max_iter: 9 monitor: "root" early_stop_tests: 2
      snapshot_best: true snapshot_after_train: false
      """, net: net, logger: log.logger)
    solver.guide(by: [-1])
    try solver.solve()
    #expect(solver.iteration == 1)
    #expect(log.lines.contains { $0.contains("root was not better than NaN") })
    #expect(try bench.folder.contents() == [])
  }

  @Test(
    arguments: [
      ("early_stop_tests: -1", "early_stop_tests is -1, but must be at least 0", nil),
      ("early_stop_tests: 1 monitor_min_delta: -1", "monitor_min_delta is -1.0, but must be at least 0", nil),
      (
        #"early_stop_tests: 1 monitor: "accuracy""#,
        #"monitor is "accuracy", but the first test net has no such output"#,
        #"monitor can be one of its outputs: "loss", "score""#
      ),
      (
        "early_stop_tests: 1 monitor_mode: MAX", "monitor_mode is set, but monitor is not",
        "name the output with monitor"
      ),
    ] as [(String, String, String?)])
  func `is refused where it cannot be`(fields: String, problem: String, remedy: String?) {
    let error = #expect(throws: SolverError.self) { try makeSolver(fields) }
    #expect(error == SolverError(problem, remedy: remedy, file: "solver.prototxt"))
  }

  @Test(arguments: [
    (#"monitor: "loss""#, "monitor"), ("early_stop_tests: 3", "early_stop_tests"),
    ("snapshot_best: true", "snapshot_best"),
  ])
  func `needs a test net`(fields: String, field: String) {
    let error = #expect(throws: SolverError.self) {
      try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed" \#(fields)"#)
    }
    #expect(error?.problem == "\(field) is set, but there is no test net")
  }

  @Test func `needs a name where no output has a loss weight`() {
    let net = """
      layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 } } }
      layer { name: "loss" type: "Reduction" bottom: "w" top: "loss" loss_weight: 1 include { phase: TRAIN } }
      """
    let error = #expect(throws: SolverError.self) {
      try bench.makeSolver(
        #"base_lr: 1 lr_policy: "fixed" test_iter: 1 test_interval: 1 early_stop_tests: 1"#, net: net)
    }
    #expect(error?.problem == "the first test net has no output with a loss weight to watch")
    #expect(error?.remedy == #"monitor can be one of its outputs: "w""#)
  }

  @Test func `says before training that the best weights have no place`() {
    let error = #expect(throws: SolverError.self) {
      try Solver(
        SolverDefinition(
          text: """
            base_lr: 1 lr_policy: "fixed" test_iter: 1 test_interval: 1 snapshot_best: true
            snapshot_prefix: "\(bench.folder.path)/none/run" net_param { \(Workbench.guided) }
            """, file: "solver.prototxt"), in: .standard(seed: 1, logger: .silent))
    }
    #expect(error?.problem.hasPrefix("Cannot write to snapshot prefix") == true)
  }

  @Test(arguments: [
    ("warmup_start_lr: 0.1", "warmup_start_lr has no effect: warmup_iter is 0"),
    ("min_lr: 0.1", #"min_lr has no effect: lr_policy is "fixed""#),
    ("plateau_winsize: 10", #"plateau_winsize has no effect: lr_policy is "fixed""#),
    (
      #"monitor: "loss""#,
      #"monitor has no effect: neither lr_policy "plateau" nor early_stop_tests nor snapshot_best is there to watch it"#
    ),
    ("monitor_min_delta: 0.1", "monitor_min_delta has no effect: nothing is watched"),
  ])
  func `and all its kin are warned of where they have no effect`(fields: String, warning: String) throws {
    let log = KeptLog()
    _ = try makeSolver(fields, log: log)
    #expect(log.lines.contains(warning))
  }
}
