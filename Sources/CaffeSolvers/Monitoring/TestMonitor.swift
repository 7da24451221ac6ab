internal import CaffeCore
internal import CaffeProto

/// The output of the first test net that `plateau`, `early_stop_tests` and `snapshot_best` watch (`monitor`).
struct TestMonitor {
  let name: String
  /// Unless `monitor_mode` says it: smaller for an output with a loss weight, larger for any other.
  let largerIsBetter: Bool

  /// Without `monitor`, the first output with a loss weight.
  ///
  /// - Throws: `SolverError` when there is no such output.
  private init(_ solver: SolverParameter, _ net: Net) throws(SolverError) {
    let outputs = net.outputs.map { "\"\(net.blobNames[$0])\"" }.joined(separator: ", ")
    let isWatched: (Int) -> Bool =
      solver.hasMonitor ? { net.blobNames[$0] == solver.monitor } : { net.lossWeight(ofBlob: $0) != 0 }
    guard let output = net.outputs.first(where: isWatched) else {
      throw SolverError(
        solver.hasMonitor
          ? "monitor is \"\(solver.monitor)\", but the first test net has no such output"
          : "the first test net has no output with a loss weight to watch",
        remedy: "monitor can be one of its outputs: \(outputs)")
    }
    name = net.blobNames[output]
    largerIsBetter =
      switch solver.monitorMode {
      case .auto: net.lossWeight(ofBlob: output) == 0
      case .min: false
      case .max: true
      }
  }

  /// The monitor that a solver asks for; nil if for none.
  ///
  /// - Throws: `SolverError` for settings that contradict each other or the nets.
  static func make(_ solver: SolverParameter, testNets: [Net]) throws(SolverError) -> TestMonitor? {
    guard solver.earlyStopTests >= 0 else {
      throw SolverError("early_stop_tests is \(solver.earlyStopTests), but must be at least 0")
    }
    guard solver.monitorMinDelta >= 0 else {
      throw SolverError("monitor_min_delta is \(solver.monitorMinDelta), but must be at least 0")
    }
    guard solver.hasMonitor || solver.monitorMode == .auto else {
      throw SolverError("monitor_mode is set, but monitor is not", remedy: "name the output with monitor")
    }
    let fields = [
      ("monitor", solver.hasMonitor), ("early_stop_tests", solver.earlyStopTests > 0),
      ("snapshot_best", solver.snapshotBest),
    ]
    guard let field = fields.first(where: { $0.1 })?.0 else { return nil }
    guard let net = testNets.first else {
      throw SolverError(
        "\(field) is set, but there is no test net", remedy: "add test_iter and test_interval, or a test_net")
    }
    if solver.hasMonitor, solver.lrPolicy == PlateauPolicy.name,
      let size = solver.plateauWinsize.first(where: { $0 < solver.testInterval })
    {
      throw SolverError(
        "plateau_winsize is \(size), but a test comes only every \(solver.testInterval) iterations",
        remedy:
          "plateau_winsize counts iterations; make it at least test_interval, or remove monitor to watch training's loss"
      )
    }
    return try TestMonitor(solver, net)
  }

  /// The watched value among the means of a test; of an output with several values, their mean.
  func value(in means: [Float], of net: Net) -> Float {
    var rest = means[...]
    for output in net.outputs {
      let values = rest.prefix(net.blobs[output].count)
      if net.blobNames[output] == name { return values.reduce(0, +) / Float(values.count) }
      rest = rest.dropFirst(values.count)
    }
    return .nan
  }
}
