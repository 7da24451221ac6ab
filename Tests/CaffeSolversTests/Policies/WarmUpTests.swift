import Caffe
import Testing

@Suite struct `Warm-up` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  /// The rates of the first updates, asked for when the gradients are ready.
  private func rates(_ fields: String, _ count: Int) throws -> [Float] {
    let solver = try bench.makeSolver(fields)
    var rates: [Float] = []
    solver.onGradientsReady.append { [unowned solver] in rates.append(solver.learningRate()) }
    try solver.step(count)
    return rates
  }

  private func expect(_ fields: String, gives expected: [Float]) throws {
    let rates = try rates(fields, expected.count)
    for (rate, expected) in zip(rates, expected) { #expect(abs(rate - expected) <= 1e-6, "\(fields): \(rates)") }
  }

  @Test func `rises in a straight line to base_lr`() throws {
    try expect(
      #"base_lr: 1 lr_policy: "fixed" warmup_iter: 4 warmup_start_lr: 0.2"#, gives: [0.2, 0.4, 0.6, 0.8, 1, 1])
  }

  @Test func `starts from 0 by default`() throws {
    try expect(#"base_lr: 1 lr_policy: "fixed" warmup_iter: 2"#, gives: [0, 0.5, 1, 1])
  }

  @Test func `meets what the policy says where it ends`() throws {
    try expect(
      #"base_lr: 1 lr_policy: "step" gamma: 0.5 stepsize: 2 warmup_iter: 4"#,
      gives: [0, 0.0625, 0.125, 0.1875, 0.25, 0.25, 0.125])
    try expect(
      #"base_lr: 1 lr_policy: "cosine" max_iter: 6 warmup_iter: 2 warmup_start_lr: 0.25"#,
      gives: [0.25, 0.5, 0.75, 0.5, 0.25, 0.066987298])
  }

  @Test func `leaves the step of multistep alone until it is over`() throws {
    try expect(
      #"base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 1 warmup_iter: 2"#, gives: [0, 0.25, 0.5, 0.5])
    let solver = try bench.makeSolver(
      #"base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 1 warmup_iter: 3"#)
    try solver.step(3)
    #expect(solver.currentStep == 0)
    try solver.step(1)
    #expect(solver.currentStep == 1)
  }

  @Test(arguments: [
    ("warmup_iter: -1", "warmup_iter is -1, but must be at least 0"),
    ("warmup_iter: 5 warmup_start_lr: -0.5", "warmup_start_lr is -0.5, but must be at least 0"),
    ("warmup_iter: 5 max_iter: 4", "warmup_iter is 5, beyond the end of training, max_iter 4"),
  ])
  func `refuses a length or a rate that cannot be`(fields: String, problem: String) {
    let error = #expect(throws: SolverError.self) {
      try bench.makeSolver(#"base_lr: 1 lr_policy: "fixed" \#(fields)"#)
    }
    #expect(error == SolverError(problem, file: "solver.prototxt"))
  }
}
