import Caffe
import CaffeTesting
import Testing

@Suite struct `Policy plateau` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private func makeSolver(_ fields: String, logger: KeptLog = KeptLog()) throws -> Solver {
    try bench.makeSolver(
      #"base_lr: 1 lr_policy: "plateau" gamma: 0.5 \#(fields)"#, net: Workbench.guided, logger: logger.logger)
  }

  @Test func `drops the rate when training's loss stays, with a patience for each step, down to min_lr`() throws {
    let log = KeptLog()
    let solver = try makeSolver("plateau_winsize: 2 plateau_winsize: 3 min_lr: 0.2", logger: log)
    solver.guide(by: [5, 4])
    #expect(try solver.rates(of: 12) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2])
    #expect(solver.currentStep == 3)
    #expect(
      log.lines.filter { $0.hasPrefix("Plateau") } == [
        "Plateau Status: Iteration 3, step = 1", "Plateau Status: Iteration 6, step = 2",
        "Plateau Status: Iteration 9, step = 3",
      ])
  }

  @Test func `waits anew after each better loss`() throws {
    let solver = try makeSolver("plateau_winsize: 2")
    solver.guide(by: [5, 4, 4.5, 3, 3.5, 3.25, 2])
    #expect(try solver.rates(of: 7) == [1, 1, 1, 1, 1, 0.5, 0.5])
  }

  @Test func `takes for better only what is better by monitor_min_delta`() throws {
    let solver = try makeSolver("plateau_winsize: 3 monitor_min_delta: 0.5")
    solver.guide(by: [5, 4.75, 4.5, 4.25, 4.125, 4.0625])
    #expect(try solver.rates(of: 6) == [1, 1, 1, 1, 1, 0.5])
  }

  @Test func `watches the mean of the last average_loss losses`() throws {
    let solver = try makeSolver("plateau_winsize: 2 average_loss: 2 max_iter: 6 snapshot_after_train: false")
    // The means are 4, 3, 2.5, 3.5, 3.5: the rate falls in iteration 4.
    solver.guide(by: [4, 2, 3, 4, 3, 1])
    var steps: [Int] = []
    solver.onStart.append { [unowned solver] in steps.append(solver.currentStep) }
    try solver.solve()
    #expect(steps == [0, 0, 0, 0, 0, 1])
  }

  @Test func `follows an output of the test net that monitor names`() throws {
    let solver = try makeSolver(
      #"plateau_winsize: 2 monitor: "score" test_iter: 1 test_interval: 2"#)
    // Tests see 1, 3, 2 and 2: a score is the better the larger it is. Training's loss rises all the while.
    solver.guide(by: [1, 2, 3, 3, 2, 2, 2])
    #expect(try solver.rates(of: 7) == [1, 1, 1, 1, 0.5, 0.5, 0.25])
  }

  @Test func `counts nothing before the first test`() throws {
    let solver = try makeSolver(
      #"plateau_winsize: 4 monitor: "loss" test_iter: 1 test_interval: 4 test_initialization: false"#)
    solver.guide(by: [1])
    #expect(try solver.rates(of: 9) == [1, 1, 1, 1, 1, 1, 1, 1, 0.5])
  }

  @Test func `counts nothing during the warm-up`() throws {
    let solver = try makeSolver("plateau_winsize: 2 warmup_iter: 4")
    solver.guide(by: [1])
    try solver.step(6)
    #expect(solver.currentStep == 0)
    try solver.step(1)
    #expect(solver.currentStep == 1)
  }

  @Test func `demands a patience of at least one test`() {
    let error = #expect(throws: SolverError.self) {
      try makeSolver(#"plateau_winsize: 50 monitor: "score" test_iter: 1 test_interval: 100"#)
    }
    #expect(error?.problem == "plateau_winsize is 50, but a test comes only every 100 iterations")
  }
}
