import Caffe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Nets of one definition with different weights, which classify together: by the mean of the probabilities that each of them gives.
///
/// Each net computes a batch for itself, its data layers included. Then the first one's Accuracy and SoftmaxWithLoss layers run again, on
/// the logarithms of the means: their softmax is the means.
package struct Ensemble {
  private let nets: [Net]
  private let judges: [Int]

  /// - Throws: `ToolError` for nets with outputs that are no judgement of scores.
  package init(_ nets: [Net]) throws {
    let net = nets[0]
    let judges = net.judges
    let judged = Set(judges.flatMap { net.layers[$0].topIndices })
    if let output = net.outputs.first(where: { !judged.contains($0) }) {
      throw ToolError(
        "-ensemble needs Accuracy and SoftmaxWithLoss layers, and \(net.blobNames[output]) is the output of another one"
      )
    }
    (self.nets, self.judges) = (nets, judges)
  }

  /// Runs all nets on their next batch; the first one's outputs and scores are then those of all together.
  ///
  /// - Returns: the sum of the weighted losses.
  package func forward() throws -> Float {
    for net in nets { try net.forward() }
    // Layers that judge the same scores mostly read them from one buffer.
    var averaged: Set<ObjectIdentifier> = []
    for judge in judges where averaged.insert(ObjectIdentifier(nets[0].layers[judge].bottoms[0].data)).inserted {
      try average(at: judge)
    }
    return try judges.reduce(0) { loss, judge throws in try loss + nets[0].forward(from: judge, to: judge) }
  }

  private func average(at judge: Int) throws {
    let nodes = nets.map { $0.layers[judge] }
    let labels = nodes.map { Array($0.bottoms[1].data.values) }
    guard labels.allSatisfy({ $0 == labels[0] }) else {
      throw ToolError("The nets of an ensemble must all read the same data, but \(nodes[0].name) sees different labels")
    }
    let scores = nodes[0].bottoms[0]
    let axis = try scores.shape.axis(nodes[0].classAxis)
    let (classes, step) = (scores.shape[axis], scores.shape.count((axis + 1)...))
    var sums = [Float](repeating: 0, count: scores.count)
    for node in nodes {
      let values = node.bottoms[0].data.values
      for outer in 0..<scores.shape.count(..<axis) {
        for inner in 0..<step {
          let places = (0..<classes).map { (outer * classes + $0) * step + inner }
          for (place, share) in zip(places, probabilities(places.map { values[$0] })) { sums[place] += share }
        }
      }
    }
    let target = scores.data.uninitializedValues
    for (place, sum) in sums.enumerated() {
      target[place] = log(max(sum / Float(nets.count), .leastNormalMagnitude))
    }
  }
}

/// The softmax of one item's scores, unless they are probabilities already.
func probabilities(_ scores: [Float]) -> [Float] {
  if scores.allSatisfy({ 0...1 ~= $0 }), abs(scores.reduce(0, +) - 1) < 1e-3 { return scores }
  let highest = scores.max() ?? 0
  let powers = scores.map { exp($0 - highest) }
  let total = powers.reduce(0, +)
  return powers.map { $0 / total }
}

extension Net {
  /// The layers that compare scores with labels.
  var judges: [Int] {
    let types = ["Accuracy", "SoftmaxWithLoss"]
    return layers.indices.filter { types.contains(layers[$0].type) && layers[$0].bottoms.count >= 2 }
  }
}

extension LayerNode {
  /// The axis along which a judging layer finds classes.
  fileprivate var classAxis: Int {
    Int(type == "Accuracy" ? definition.accuracyParam.axis : definition.softmaxParam.axis)
  }
}
