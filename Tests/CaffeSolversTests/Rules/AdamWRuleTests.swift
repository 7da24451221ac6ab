import Caffe
import Testing

@Suite struct `AdamW` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private func makeSolver(_ fields: String = "", parameter: String = "") throws -> Solver {
    try bench.makeSolver(
      #"type: "AdamW" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.01 \#(fields)"#,
      net: """
        layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 } } \(parameter) }
        layer { name: "loss" type: "Reduction" bottom: "w" top: "loss" loss_weight: 1 }
        """)
  }

  /// Makes updates with these gradients from weight 1.
  private func train(_ solver: Solver, gradients: [Float]) throws -> Float {
    let weight = solver.net.learnableParameters[0].blob
    weight.data.mutableValues[0] = 1
    solver.onGradientsReady.append { [unowned solver] in weight.diff.mutableValues[0] = gradients[solver.iteration] }
    try solver.step(gradients.count)
    return weight.data.values[0]
  }

  /// First update: m = 0.05, v = 0.00025, so the step of Adam is the rate, 0.1; the decay is 0.1 · 0.01 · 1: w = 0.899.
  /// Second: m = 0.02, v = 0.00031225, the step 0.1 · √(1 − 0.999²) / (1 − 0.9²) · m / √v = 0.0266337; the decay 0.000899.
  @Test func `takes Adam's step and shrinks the weight beside it`() throws {
    #expect(abs(try train(makeSolver(), gradients: [0.5]) - 0.899) < 1e-6)
    let solver = try makeSolver()
    #expect(abs(try train(solver, gradients: [0.5, -0.25]) - 0.8714673) < 1e-6)
    // The decay stays out of the moments.
    #expect(abs(solver.history[0].data.values[0] - 0.02) < 1e-7)
    #expect(abs(solver.history[1].data.values[0] - 0.00031225) < 1e-8)
  }

  /// Rate 0.2, decay 0.03.
  @Test func `obeys lr_mult and decay_mult`() throws {
    let solver = try makeSolver(parameter: "param { lr_mult: 2 decay_mult: 3 }")
    #expect(abs(try train(solver, gradients: [0.5]) - (1 - 0.2 - 0.2 * 0.03)) < 1e-6)
  }

  @Test func `is Adam where there is no decay`() throws {
    let fields = #"base_lr: 0.1 lr_policy: "fixed" momentum: 0.9"#
    let adam = try bench.makeSolver(#"type: "Adam" \#(fields)"#)
    let adamW = try bench.makeSolver(#"type: "AdamW" \#(fields)"#)
    try adam.step(3)
    try adamW.step(3)
    #expect(adam.weights == adamW.weights)
  }

  @Test(arguments: [
    (#"regularization_type: "L1""#, #"regularization_type "L1" cannot be used with AdamW"#),
    ("momentum2: 1", "momentum2 is 1.0, but must be at least 0 and less than 1"),
  ])
  func `refuses settings that it cannot follow`(fields: String, problem: String) {
    let error = #expect(throws: SolverError.self) { try makeSolver(fields) }
    #expect(error?.problem == problem)
    #expect(error?.file == "solver.prototxt")
  }
}
