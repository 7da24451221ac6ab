import Caffe
import Foundation
import Testing

@Suite struct `A resumed run` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private static let courses = [
    // The first loss stays the best, by the large delta: the rate falls in iterations 3, 6 and 9, and the snapshot is between.
    #"lr_policy: "plateau" gamma: 0.5 plateau_winsize: 3 monitor_min_delta: 1000"#,
    // The losses decide.
    #"lr_policy: "plateau" gamma: 0.5 plateau_winsize: 2 average_loss: 3 min_lr: 0.001"#,
    #"lr_policy: "plateau" gamma: 0.5 plateau_winsize: 2 monitor: "loss" test_iter: 2 test_interval: 2"#,
    // Training ends at the test of iteration 8.
    #"lr_policy: "fixed" early_stop_tests: 4 monitor_min_delta: 1000 test_iter: 2 test_interval: 2"#,
    #"lr_policy: "fixed" early_stop_tests: 2 snapshot_best: true test_iter: 2 test_interval: 2"#,
    #"lr_policy: "fixed" type: "AdamW" weight_decay: 0.1 momentum: 0.9"#,
    #"lr_policy: "fixed" warmup_iter: 8 warmup_start_lr: 0.001"#,
    #"lr_policy: "cosine" min_lr: 0.01 warmup_iter: 3"#,
    #"lr_policy: "multistep" gamma: 0.5 stepvalue: 3 stepvalue: 7 momentum: 0.9 iter_size: 2 clip_gradients: 0.1"#,
  ]

  @Test(arguments: courses, ["BINARYPROTO", "HDF5"])
  func `ends with the very weights and state of an uninterrupted one`(course: String, format: String) throws {
    let fields = "base_lr: 0.05 max_iter: 11 \(course)"
    let whole = try bench.makeSolver(fields)
    try whole.solve()
    let end = "run_iter_\(whole.iteration)"
    let expected = try (bench.bytes("\(end).caffemodel"), bench.bytes("\(end).solverstate"))
    let best = try? bench.bytes("run_best.caffemodel")
    for file in try bench.folder.contents() {
      try FileManager.default.removeItem(atPath: "\(bench.folder.path)/\(file)")
    }

    let interrupted = try bench.makeSolver("\(fields) snapshot_format: \(format)")
    try interrupted.step(5)
    let state = try interrupted.snapshot()
    // Another seed: what matters must come from the snapshot.
    let resumed = try bench.makeSolver(fields, seed: 99)
    try resumed.solve(resumingFrom: state)
    #expect(resumed.iteration == whole.iteration)
    #expect(resumed.endedEarly == whole.endedEarly)
    #expect(try bench.bytes("\(end).caffemodel") == expected.0)
    #expect(try bench.bytes("\(end).solverstate") == expected.1)
    // The best weights may be from before the interruption, in that run's format.
    if format == "BINARYPROTO" { #expect((try? bench.bytes("run_best.caffemodel")) == best) }
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"])
  func `takes up the waits where they were`(format: String) throws {
    let fields = """
      base_lr: 1 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 3 max_iter: 20 monitor_min_delta: 1000
      early_stop_tests: 4 test_iter: 1 test_interval: 2
      """
    let interrupted = try bench.makeSolver("\(fields) snapshot_format: \(format)", net: Workbench.guided)
    interrupted.guide(by: [1])
    // The rate fell in iteration 3 and one iteration has passed since then; the tests of iterations 2 and 4 were no better.
    try interrupted.step(5)
    let resumed = try bench.makeSolver(fields, net: Workbench.guided)
    try resumed.restore(from: interrupted.snapshot())
    #expect(resumed.currentStep == 1)
    resumed.guide(by: [1])
    try resumed.step(1)
    #expect(resumed.currentStep == 1)
    try resumed.step(1)
    #expect(resumed.currentStep == 2)
    try resumed.step(10)
    #expect(resumed.iteration == 8)
    #expect(resumed.endedEarly)

    try resumed.restore(from: interrupted.snapshot())
    #expect(!resumed.endedEarly)
  }

  @Test(arguments: [SolverAction.stop, .snapshot])
  func `makes the test again in the midst of which the snapshot was asked for`(action: SolverAction) throws {
    let fields = """
      base_lr: 0.05 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 2 monitor: "loss" early_stop_tests: 3 max_iter: 9
      test_iter: 2 test_iter: 2 test_interval: 2
      """
    let whole = try bench.makeSolver(fields)
    try whole.solve()
    let end = "run_iter_\(whole.iteration).solverstate"
    let expected = try bench.bytes(end)

    let interrupted = try bench.makeSolver(fields)
    var asked = 0
    interrupted.requestedAction = { [unowned interrupted] in
      asked += interrupted.iteration == 4 ? 1 : 0
      // First after the update, then before each batch: the last one of the second test net is the fifth time.
      return interrupted.iteration == 4 && asked == 5 ? action : .none
    }
    try interrupted.solve()
    #expect(interrupted.wasStopped == (action == .stop))
    try? FileManager.default.removeItem(atPath: "\(bench.folder.path)/\(end)")
    let resumed = try bench.makeSolver(fields, seed: 99)
    try resumed.solve(resumingFrom: "\(bench.folder.path)/run_iter_4.solverstate")
    #expect(try bench.bytes(end) == expected)
  }

  @Test func `of training that ended early ends again`() throws {
    let fields = #"base_lr: 1 lr_policy: "fixed" early_stop_tests: 2 test_iter: 1 test_interval: 2 max_iter: 20"#
    let first = try bench.makeSolver(fields, net: Workbench.guided)
    first.guide(by: [1])
    try first.solve()
    #expect(first.iteration == 4)
    let again = try bench.makeSolver(fields, net: Workbench.guided)
    try again.solve(resumingFrom: "\(bench.folder.path)/run_iter_4.solverstate")
    #expect(again.iteration == 4)
  }

  @Test func `keeps in its state what was seen`() throws {
    let solver = try bench.makeSolver(
      """
      base_lr: 1 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 3 early_stop_tests: 9 test_iter: 1 test_interval: 2
      """, net: Workbench.guided)
    solver.guide(by: [4, 3])
    try solver.step(7)
    let state = try BinaryProto.read(SolverState.self, path: solver.snapshot())
    #expect(
      state.plateauState
        == .with {
          $0.best = 3
          $0.bestIter = 1
          $0.waited = 2
          $0.step = 1
        })
    #expect(
      state.testState
        == .with {
          $0.best = 3
          $0.bestIter = 2
          $0.waited = 2
          $0.step = 0
        })
    #expect(state.currentStep == 1)
  }

  @Test(arguments: ["", ".h5"])
  func `starts from a snapshot of the original, also with what the original does not have`(suffix: String) throws {
    let golden = URL(filePath: #filePath).appending(path: "../../../Fixtures/golden/solvers").standardized
    let net = """
      layer {
        name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 3 dim: 4 } } param { lr_mult: 1 decay_mult: 1 }
      }
      layer {
        name: "target" type: "DummyData" top: "t"
        dummy_data_param { shape { dim: 3 dim: 4 } data_filler { value: 0.7 } }
      }
      layer { name: "loss" type: "EuclideanLoss" bottom: "w" bottom: "t" top: "loss" }
      """
    let solver = try bench.makeSolver(
      """
      base_lr: 0.2 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 4 momentum: 0.5 max_iter: 20
      warmup_iter: 4 snapshot_best: true early_stop_tests: 3 test_iter: 1 test_interval: 5
      """, net: net)
    let before = solver.weights
    try solver.restore(from: golden.appending(path: "SGD_fixed_iter_10.solverstate\(suffix)").path)
    #expect(solver.iteration == 10)
    #expect(solver.currentStep == 0)
    #expect(solver.weights != before)
    #expect(solver.history[0].data.values.contains { $0 != 0 })
    try solver.solve()
    #expect(solver.iteration == 20)
    // The test of iteration 10 is the first one seen, and each later one is better.
    #expect(try bench.folder.contents().contains("run_best.caffemodel"))
  }

  @Test func `is refused where the snapshot is missing`() throws {
    let solver = try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed""#)
    let error = #expect(throws: (any Error).self) { try solver.restore(from: "none.solverstate") }
    #expect("\(try #require(error))".contains("none.solverstate"))
  }

  @Test func `is refused where the weights are missing`() throws {
    let solver = try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed""#)
    let state = try solver.snapshot()
    try FileManager.default.removeItem(atPath: "\(bench.folder.path)/run_iter_0.caffemodel")
    let error = #expect(throws: SolverError.self) { try solver.restore(from: state) }
    #expect(error?.problem == "the snapshot's weights are missing: \(bench.folder.path)/run_iter_0.caffemodel")
    #expect(error?.file == state)
  }

  @Test func `is refused where the snapshot names no weights, or has not those of all layers, and nothing changes`()
    throws
  {
    let solver = try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed" momentum: 0.9"#)
    try solver.step(2)
    let path = try solver.snapshot()
    var state = try BinaryProto.read(SolverState.self, path: path)
    let other = try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed" momentum: 0.9"#, seed: 5)
    let before = other.weights
    let model = state.learnedNet
    state.clearLearnedNet()
    try BinaryProto.write(state, path: path)
    let unnamed = #expect(throws: SolverError.self) { try other.restore(from: path) }
    #expect(unnamed?.problem.hasPrefix("the snapshot names no weights") == true)

    state.learnedNet = model
    try BinaryProto.write(state, path: path)
    var net = try NetParameter.read(binary: model)
    net.layer.removeAll { !$0.blobs.isEmpty }
    try BinaryProto.write(net, path: model)
    let error = #expect(throws: NetError.self) { try other.restore(from: path) }
    #expect(error?.problem.hasPrefix("the weight file has nothing for layer") == true)
    #expect(other.weights == before && other.iteration == 0)
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"])
  func `goes by what files hold, not by their names`(format: String) throws {
    let fields = "base_lr: 1 lr_policy: \"fixed\" snapshot_format: \(format)"
    let solver = try bench.makeSolver(fields)
    try solver.step(2)
    let state = try solver.snapshot()
    let odd = "\(bench.folder.path)/odd" + (format == "HDF5" ? ".solverstate" : ".solverstate.h5")
    try FileManager.default.moveItem(atPath: state, toPath: odd)
    let resumed = try bench.makeSolver(fields, seed: 8)
    try resumed.restore(from: odd)
    #expect(resumed.weights == solver.weights && resumed.iteration == 2)
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"])
  func `is refused where weights are given as the snapshot`(format: String) throws {
    let solver = try bench.makeSolver("base_lr: 1 lr_policy: \"fixed\" snapshot_format: \(format)")
    let model = try solver.snapshot().replacing("solverstate", with: "caffemodel")
    let error = #expect(throws: (any Error).self) { try solver.restore(from: model) }
    let text = "\(try #require(error))"
    #expect(text.contains("not the state of a solver (.solverstate"))
    #expect(text.contains("of the same name, or start anew from these weights with -weights"))
  }

  @Test(
    arguments: [
      { $0.iter = -1 }, { $0.currentStep = -1 }, { $0.plateauState.waited = -1 }, { $0.testState.step = -1 },
      { $0.testState.bestIter = -1 }, { $0.layerState[0].counter = .max },
    ] as [@Sendable (inout SolverState) -> Void])
  func `is refused where counts cannot be`(damage: @Sendable (inout SolverState) -> Void) throws {
    let solver = try bench.makeSolver(#"base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 5"#)
    let path = try solver.snapshot()
    var state = try BinaryProto.read(SolverState.self, path: path)
    damage(&state)
    try BinaryProto.write(state, path: path)
    let error = #expect(throws: SolverError.self) { try solver.restore(from: path) }
    #expect(error?.file == path)
  }
}
