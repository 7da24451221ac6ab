import Caffe
import Testing

/// Two weights, both 10 at first, whose gradients are 3 and 4 in every pass.
@Suite struct `An update` {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private func net(_ first: String = "", _ second: String = "") -> String {
    [("a", 3, first), ("b", 4, second)].map { name, gradient, parameter in
      """
      layer { name: "\(name)" type: "Parameter" top: "\(name)" parameter_param { shape { dim: 1 } } \(parameter) }
      layer { name: "loss_\(name)" type: "Reduction" bottom: "\(name)" top: "loss_\(name)" loss_weight: \(gradient) }
      """
    }.joined()
  }

  private func weights(after count: Int = 1, _ fields: String, net: String) throws -> [Float] {
    let solver = try bench.makeSolver(#"base_lr: 0.1 lr_policy: "fixed" \#(fields)"#, net: net)
    for parameter in solver.net.learnableParameters { parameter.blob.data.mutableValues[0] = 10 }
    try solver.step(count)
    return solver.weights.map { $0[0] }
  }

  private func expect(
    _ weights: [Float], _ expected: [Float], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    #expect(weights.count == expected.count, sourceLocation: sourceLocation)
    for (weight, expected) in zip(weights, expected) {
      #expect(abs(weight - expected) < 1e-5, sourceLocation: sourceLocation)
    }
  }

  /// The gradients add up to (6, 8) with norm 10; clipped (3, 4); the mean of two passes (1.5, 2); with decay (2.5, 3).
  @Test func `clips the sum of the passes, then takes the mean, then adds the decay`() throws {
    let fields = "iter_size: 2 clip_gradients: 5 weight_decay: 0.1"
    expect(try weights(fields, net: net()), [9.75, 9.7])
  }

  @Test func `leaves gradients within clip_gradients as they are`() throws {
    expect(try weights("clip_gradients: 5.001", net: net()), [9.7, 9.6])
  }

  @Test func `obeys lr_mult and decay_mult of each parameter`() throws {
    let net = net("param { lr_mult: 2 decay_mult: 0 }", "param { lr_mult: 0.5 decay_mult: 3 }")
    expect(try weights("weight_decay: 0.1", net: net), [10 - 0.2 * 3, 10 - 0.05 * (4 + 3)])
  }

  @Test func `leaves a parameter with lr_mult 0 alone`() throws {
    let weights = try weights(after: 3, "momentum: 0.9", net: net("param { lr_mult: 0 }"))
    #expect(weights[0] == 10)
    #expect(weights[1] < 10)
  }

  @Test func `adds the sign of the weight for L1`() throws {
    expect(try weights(#"weight_decay: 0.5 regularization_type: "L1""#, net: net()), [10 - 0.35, 10 - 0.45])
  }

  @Test func `moves a shared parameter once, by the sum of its gradients`() throws {
    let shared = net(#"param { name: "w" }"#, #"param { name: "w" lr_mult: 2 }"#)
    let solver = try bench.makeSolver(#"base_lr: 0.1 lr_policy: "fixed" momentum: 0.5"#, net: shared)
    #expect(solver.history.count == 1)
    try solver.step(2)
    // Steps of 0.2 · 7 and of 0.5 · 1.4 + 1.4.
    expect(solver.weights.map { $0[0] }, [-1.4 - 2.1])
    #expect(solver.net.parameters.map { $0.blob.data.values[0] } == [solver.weights[0][0], solver.weights[0][0]])
  }
}
