/// `input` with `input_shape` or `input_dim` becomes a layer of type Input before all others.
///
/// Without shapes, as in weights of old, the names of the inputs are dropped.
extension NetUpgrade {
  mutating func upgradeInputs() throws(UpgradeError) {
    guard !net.input.isEmpty else { return }
    var shapes = net.inputShape
    if shapes.isEmpty {
      shapes = stride(from: 0, to: net.inputDim.count, by: 4).map { start in
        var shape = BlobShape()
        shape.dim = net.inputDim[start...].prefix(4).map(Int64.init)
        return shape
      }
    }
    if !shapes.isEmpty {
      guard shapes.count == net.input.count, !net.inputShape.isEmpty || net.inputDim.count == 4 * shapes.count else {
        throw UpgradeError(
          file: file,
          problem: .inputShapes(
            inputs: net.input.count, shapes: net.inputShape.count, dims: net.inputDim.count))
      }
      var layer = LayerParameter()
      layer.name = "input"
      layer.type = "Input"
      layer.top = net.input
      layer.inputParam.shape = shapes
      net.layer.insert(layer, at: 0)
      locations.insert(nil, at: 0)
    }
    net.input = []
    net.inputShape = []
    net.inputDim = []
    note(.info, "Upgraded \(source): the input fields are a layer of type Input.")
  }
}
