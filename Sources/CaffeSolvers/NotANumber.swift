internal import CaffeCore

/// Says where a loss that is not a number came from.
enum NotANumber {
  /// The first parameter or top, in the order of the passes, that has values which are not finite though all that goes into
  /// its layer has not.
  static func found(in net: Net, iteration: Int) -> SolverError {
    SolverError(
      "the loss is NaN at iteration \(iteration)" + (origin(in: net).map { ": \($0)" } ?? ""),
      remedy: "the usual causes are too large a base_lr, and data that are not scaled (or hold NaN themselves)")
  }

  private static func origin(in net: Net) -> String? {
    for node in net.layers {
      for (index, parameter) in node.layer.parameters.enumerated() {
        if let ill = parameter.data.ill { return "parameter \(index) of layer '\(node.name)' is \(ill)" }
      }
      for (top, index) in zip(node.tops, node.topIndices) {
        guard let ill = top.data.ill else { continue }
        let values = ill == "NaN" ? ill : "infinite values"
        return
          "layer '\(node.name)' (\(node.type)) was the first to produce \(values), in its top '\(net.blobNames[index])'"
      }
    }
    return nil
  }
}

extension Buffer {
  /// What is wrong with the values, if something is.
  fileprivate var ill: String? {
    guard !isZero, let value = values.first(where: { !$0.isFinite }) else { return nil }
    return value.isNaN ? "NaN" : "infinite"
  }
}
