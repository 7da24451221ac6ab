import Caffe
import Testing

@Suite struct `Learning-rate policies` {
  private func rates(_ text: String, _ iterations: [Int]) throws -> [Float] {
    let policy = try LearningRatePolicies.make(Prototxt.parse(SolverParameter.self, text: text, file: "solver"))
    var step = 0
    return iterations.map { policy.rate(at: $0, step: &step) }
  }

  private func expect(_ text: String, at iterations: [Int], gives expected: [Float]) throws {
    let rates = try rates(text, iterations)
    for (rate, expected) in zip(rates, expected) { #expect(abs(rate - expected) <= 1e-6 * abs(expected)) }
  }

  @Test func `fixed stays`() throws {
    try expect(#"base_lr: 0.1 lr_policy: "fixed""#, at: [0, 1000], gives: [0.1, 0.1])
  }

  @Test func `step drops every stepsize iterations`() throws {
    try expect(
      #"base_lr: 0.1 lr_policy: "step" gamma: 0.5 stepsize: 10"#, at: [0, 9, 10, 25], gives: [0.1, 0.1, 0.05, 0.025])
  }

  @Test func `exp falls with each iteration`() throws {
    try expect(#"base_lr: 2 lr_policy: "exp" gamma: 0.5"#, at: [0, 1, 3], gives: [2, 1, 0.25])
  }

  @Test func `inv falls as a power`() throws {
    try expect(#"base_lr: 1 lr_policy: "inv" gamma: 1 power: 2"#, at: [0, 1, 3], gives: [1, 0.25, 0.0625])
  }

  @Test func `multistep advances one step an iteration at most, also for equal stepvalues`() throws {
    try expect(
      #"base_lr: 1 lr_policy: "multistep" gamma: 0.1 stepvalue: 2 stepvalue: 2 stepvalue: 5"#, at: [1, 2, 3, 4, 5],
      gives: [1, 0.1, 0.01, 0.01, 0.001])
  }

  @Test func `poly ends at zero`() throws {
    try expect(#"base_lr: 1 lr_policy: "poly" power: 2 max_iter: 10"#, at: [0, 5, 10], gives: [1, 0.25, 0])
  }

  @Test func `sigmoid rises through half of base_lr at stepsize`() throws {
    let rates = try rates(#"base_lr: 1 lr_policy: "sigmoid" gamma: 0.1 stepsize: 50"#, [0, 50, 100])
    #expect(abs(rates[1] - 0.5) < 1e-6)
    #expect(rates[0] < 0.01)
    #expect(rates[2] > 0.99)
  }

  @Test func `cosine falls from base_lr to min_lr in half a wave`() throws {
    try expect(
      #"base_lr: 1 lr_policy: "cosine" max_iter: 12 min_lr: 0.2"#, at: [0, 4, 6, 8, 12, 20],
      gives: [1, 0.8, 0.6, 0.4, 0.2, 0.2])
  }

  @Test func `plateau depends on the step alone, down to min_lr`() throws {
    let policy = try LearningRatePolicies.make(
      Prototxt.parse(
        SolverParameter.self,
        text: #"base_lr: 1 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 10 min_lr: 0.2"#, file: "solver"))
    for (step, rate) in [1, 0.5, 0.25, 0.2, 0.2].enumerated() {
      var step = step
      #expect(policy.rate(at: 1000, step: &step) == Float(rate))
    }
  }

  @Test(arguments: [
    (#"base_lr: 1"#, "Unknown learning rate policy: "),
    (#"lr_policy: "cubic""#, "Unknown learning rate policy: cubic"),
    (#"lr_policy: "exp" gamma: -1"#, "gamma is -1.0, but must be at least 0"),
    (#"lr_policy: "step" gamma: 1"#, "stepsize is 0, but must be greater than 0"),
    (#"lr_policy: "sigmoid" gamma: 1"#, "stepsize is 0, but must be greater than 0"),
    (#"lr_policy: "poly" power: 1"#, #"lr_policy "poly" needs max_iter: there the rate arrives at 0"#),
    (#"lr_policy: "cosine" base_lr: 1"#, #"lr_policy "cosine" needs max_iter: there the rate arrives at min_lr"#),
    (
      #"lr_policy: "cosine" base_lr: 1 max_iter: 9 min_lr: -1"#,
      "min_lr is -1.0, but must lie between 0 and base_lr, 1.0"
    ),
    (
      #"lr_policy: "cosine" base_lr: 1 max_iter: 9 min_lr: 2"#, "min_lr is 2.0, but must lie between 0 and base_lr, 1.0"
    ),
    (#"lr_policy: "plateau" base_lr: 1 gamma: 0.1"#, #"lr_policy "plateau" needs plateau_winsize"#),
    (
      #"lr_policy: "plateau" base_lr: 1 gamma: 0.1 plateau_winsize: 5 plateau_winsize: 0"#,
      "plateau_winsize is 0, but must be at least 1"
    ),
    (#"lr_policy: "plateau" base_lr: 1 plateau_winsize: 5"#, #"lr_policy "plateau" needs gamma"#),
    (#"lr_policy: "plateau" base_lr: 1 plateau_winsize: 5 gamma: 1"#, "gamma is 1.0"),
    (
      #"lr_policy: "plateau" base_lr: 1 plateau_winsize: 5 gamma: 0.5 min_lr: 2"#,
      "min_lr is 2.0, but must lie between 0 and base_lr, 1.0"
    ),
  ])
  func `refuses what it cannot compute`(text: String, problem: String) throws {
    let solver = try Prototxt.parse(SolverParameter.self, text: text, file: "solver")
    let error = #expect(throws: SolverError.self) { try LearningRatePolicies.make(solver) }
    #expect(error?.problem == problem)
  }
}
