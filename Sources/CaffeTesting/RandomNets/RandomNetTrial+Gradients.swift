import Caffe
import CaffeCore
import CaffeProto

extension RandomNetTrial {
  /// Compares gradients of the reference engine with finite differences along random directions.
  func complaintAboutGradients() throws -> String? {
    // Steps have no gradient, and what is cut off on purpose has another one.
    let cut = ["Threshold", "ArgMax"]
    guard
      !net.definition.layer.contains(where: {
        cut.contains($0.type) || ($0.propagateDown.contains(false) && !$0.takesMarks)
      })
    else { return nil }
    let net = try makeNet(.reference)
    func currentLoss() throws -> Double {
      try resetState(net)
      try net.forward()
      return net.layers.reduce(0) { sum, node in
        zip(node.tops, node.lossWeights).reduce(sum) { sum, top in
          top.1 == 0 ? sum : sum + Double(top.1) * top.0.data.values.reduce(0) { $0 + Double($1) }
        }
      }
    }
    try feed(net, round: 0)
    let inputs = net.inputs.map { net.blobs[$0] }
    let fed = inputs.map { Array($0.data.values) }
    let start = try currentLoss()
    // The gradient by an infinite value is none.
    guard start.isFinite, net.blobs.allSatisfy({ $0.data.values.allSatisfy(\.isFinite) }) else { return nil }
    try net.backward()
    // Layers that work in place on an input overwrite it.
    func restore() { for (blob, values) in zip(inputs, fed) { _ = blob.data.uninitializedValues.update(from: values) } }
    var random = Random(seed: self.net.seed, stream: 9)
    for (name, blob) in Self.differentiable(net) where blob.count > 0 {
      let gradient = blob.diff.values.map(Double.init)
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let origin = Array(blob.data.values)
      /// The middle one of five errors, in tolerances, and what they come from.
      func error(steps: [Float]) throws -> (error: Double, slopes: String) {
        var errors: [Double] = []
        var slopes: [String] = []
        for step in steps {
          let direction = origin.map { _ in random.gaussian() }
          func loss(_ step: Float) throws -> Double {
            restore()
            let values = blob.data.uninitializedValues
            for i in values.indices { values[i] = origin[i] + step * direction[i] }
            return try currentLoss()
          }
          let difference = (try loss(step) - loss(-step)) / Double(2 * step)
          let slope = zip(gradient, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
          let noise = 4e-7 * (abs(start) + 1) * Double(max(1, self.net.definition.layer.count)) / Double(step)
          slopes.append("\(Float(slope)) / \(Float(difference))")
          errors.append(abs(difference - slope) / (0.05 * norm + noise + 1e-4))
        }
        return (errors.sorted()[2], slopes.joined(separator: ", "))
      }
      var (middle, slopes) = try error(steps: [3e-3, 1e-2, 3e-3, 1e-3, 1e-2])
      // Where the loss bends much, as behind BatchNorm of few values, steps must be smaller, though noise is larger then.
      if !(middle <= 1) { (middle, slopes) = try error(steps: [3e-4, 1e-3, 3e-4, 1e-4, 1e-3]) }
      restore()
      _ = blob.data.uninitializedValues.update(from: origin)
      if !(middle <= 1) {
        return
          "the gradient by \(name) is not the slope (by \(Float(middle)) times the tolerance; gradient / differences: \(slopes))"
      }
    }
    return nil
  }

  /// Lets the next pass begin as the first did.
  func resetState(_ net: Net) throws {
    for case let layer as any StatefulLayer in net.layers.map(\.layer) {
      try layer.restore(seed: layer.seed, position: 0)
    }
    for case let layer as any CarryingLayer in net.layers.map(\.layer) {
      for state in layer.carried { state.setZero() }
    }
  }
}

extension LayerParameter {
  /// Whether the last bottom holds labels or places, which never get a gradient.
  fileprivate var takesMarks: Bool {
    ["Filter", "BatchReindex", "Crop", "LSTMUnit"].contains(type)
      && propagateDown.dropLast().allSatisfy { $0 }
  }
}
