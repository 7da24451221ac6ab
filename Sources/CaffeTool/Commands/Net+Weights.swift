import Caffe
import Logging

extension Net {
  /// Refuses a net that computes nothing, as one that is meant for another phase or stage does.
  func requireLayers(of file: String) throws(ToolError) {
    guard layers.isEmpty else { return }
    throw ToolError("\(file): error: the net has no layers in this phase, level and stage: there is nothing to compute")
  }

  /// Loads weights for a command that shows what they give.
  ///
  /// - Throws: `ToolError` when no layer takes any: the results would be those of random numbers.
  func loadWeights(_ path: String, _ log: Logger) throws {
    let report = try copyWeights(fromFile: path)
    if let problem = report.mismatch { throw ToolError("\(path): error: \(problem)") }
    for layer in report.kept { log.warning("\(path) has no weights for layer \(layer): it keeps its fillers'.") }
  }
}

extension Net.WeightReport {
  /// What to say of a file of which no layer took anything, though there are layers that could; nil for any other.
  var mismatch: String? {
    guard loaded.isEmpty, !kept.isEmpty else { return nil }
    func list(_ names: [String]) -> String { names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "") }
    let file = unused.isEmpty ? "the file has no weights at all" : "the file has weights for \(list(unused))"
    return """
      No layer of the net has the name of a layer in the weight file: \(file), the net's layers with weights are \(list(kept)).
        Are these the weights of another net?
      """
  }
}
