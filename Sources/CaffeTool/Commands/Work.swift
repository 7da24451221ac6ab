import Caffe
import CaffeDrawing

/// What a step of a pass has to do at least.
struct Work {
  /// Multiplications and additions, of convolutions and inner products.
  var operations = 0
  /// What is read and written when every value travels once: operands, parameters and results.
  var bytes = 0

  /// The forward pass of layers of a net that run as one operation.
  init(of layers: [Int], in net: Net) {
    let multiplies = LayerCost.multiplies(of: net)
    var made: Set<ObjectIdentifier> = []
    var values = 0
    for index in layers {
      let node = net.layers[index]
      let items = node.tops.first?.shape.dimensions.first ?? 1
      operations += 2 * multiplies[index] * items
      for bottom in node.bottoms where made.insert(ObjectIdentifier(bottom.data)).inserted { values += bottom.count }
      for parameter in node.layer.parameters { values += parameter.count }
      for top in node.tops { made.insert(ObjectIdentifier(top.data)) }
    }
    let last = net.layers[layers[layers.count - 1]]
    let sharesMemory = last.tops.allSatisfy { top in last.bottoms.contains { $0 !== top && $0.data === top.data } }
    values = layers.count == 1 && sharesMemory ? 0 : values + last.tops.reduce(0) { $0 + $1.count }
    bytes = values * (net.precision == .bfloat16 ? 2 : MemoryLayout<Float>.stride)
  }

  /// The backward pass of a layer: it reads what the forward pass read and the gradients of its tops, and writes those gradients
  /// that are wanted.
  init(backwardOf index: Int, in net: Net) {
    let node = net.layers[index]
    let products = Work(of: [index], in: net).operations
    let bottoms = node.bottoms.indices.filter { node.propagation[$0] }
    let learns = node.propagation.parameters.contains(true)
    guard learns || !bottoms.isEmpty else { return }
    operations = products * ((learns ? 1 : 0) + (bottoms.isEmpty ? 0 : 1))
    var values = node.tops.reduce(0) { $0 + $1.count } + bottoms.reduce(0) { $0 + node.bottoms[$1].count }
    values +=
      node.bottoms.reduce(0) { $0 + $1.count } + (learns ? 2 : 1) * node.layer.parameters.reduce(0) { $0 + $1.count }
    bytes = values * MemoryLayout<Float>.stride
  }
}
