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
    bytes = values * MemoryLayout<Float>.stride
  }
}
