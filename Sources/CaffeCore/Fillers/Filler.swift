public import CaffeProto
internal import RealModule

/// How learned blobs start (`FillerParameter.type`).
///
/// | type                  | values                                                                               |
/// |-----------------------|--------------------------------------------------------------------------------------|
/// | `constant`            | `value`                                                                              |
/// | `uniform`             | U(`min`, `max`)                                                                      |
/// | `gaussian`            | N(`mean`, `std`); with `sparse` ≥ 0 each kept with probability `sparse` / shape[0]   |
/// | `positive_unitball`   | U(0, 1), each row of axis 0 divided by its sum                                       |
/// | `xavier`              | U(−s, s), s = √(3 / n) (Glorot and Bengio, 2010)                                     |
/// | `msra`                | N(0, √(2 / n)) (He et al., 2015)                                                     |
/// | `bilinear`            | the kernel of bilinear upsampling, the same in every channel                         |
///
/// n is the fan in (count / shape[0]), the fan out (count / shape[1]) or their mean, by `variance_norm`.
extension FillerParameter {
  /// Fills a blob now.
  public func fill(_ blob: Blob, from random: inout Random) throws(NetError) {
    try check(blob.shape)
    fill(blob.data.uninitializedValues, blob.shape, from: &random)
  }

  /// Fills a blob when somebody looks at it: most nets get their weights from a file instead.
  public func fillLater(_ blob: Blob, from random: Random) throws(NetError) {
    try check(blob.shape)
    blob.data.setLater { [shape = blob.shape] values in
      var random = random
      fill(values, shape, from: &random)
    }
  }

  private func check(_ shape: Shape) throws(NetError) {
    guard shape.count > 0 else { throw NetError("a filler cannot fill an empty blob (shape \(shape))") }
    if sparse != -1, type != "gaussian" { throw NetError("Sparsity not supported by this Filler. (type \"\(type)\")") }
    switch type {
    case "constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra": break
    case "bilinear":
      guard shape.rank == 4, shape[2] == shape[3] else {
        throw NetError("the bilinear filler needs a 4-D blob with a square kernel, not shape \(shape)")
      }
    default:
      throw NetError(
        "Unknown filler name: \(type)",
        remedy: "the fillers are constant, uniform, gaussian, positive_unitball, xavier, msra and bilinear")
    }
  }

  /// Fills values that have passed the check.
  private func fill(_ values: UnsafeMutableBufferPointer<Float>, _ shape: Shape, from random: inout Random) {
    switch type {
    case "uniform": for i in values.indices { values[i] = random.uniform(min, max) }
    case "gaussian": fillGaussian(values, shape, &random)
    case "positive_unitball": fillUnitBall(values, rows: shape.rank > 0 ? shape[0] : 1, &random)
    case "xavier":
      let scale = (3 / fan(of: shape)).squareRoot()
      for i in values.indices { values[i] = random.uniform(-scale, scale) }
    case "msra":
      let deviation = (2 / fan(of: shape)).squareRoot()
      for i in values.indices { values[i] = deviation * random.gaussian() }
    case "bilinear": fillBilinear(values, size: shape[3])
    default: values.update(repeating: value)
    }
  }

  private func fan(of shape: Shape) -> Float {
    let fanIn = Float(shape.rank > 0 ? shape.count / shape[0] : 1)
    let fanOut = Float(shape.rank > 1 ? shape.count / shape[1] : shape.count)
    switch varianceNorm {
    case .fanIn: return fanIn
    case .fanOut: return fanOut
    case .average: return (fanIn + fanOut) / 2
    }
  }

  private func fillGaussian(_ values: UnsafeMutableBufferPointer<Float>, _ shape: Shape, _ random: inout Random) {
    for i in values.indices { values[i] = mean + std * random.gaussian() }
    guard sparse >= 0 else { return }
    let probability = Float(sparse) / Float(shape.rank > 0 ? shape[0] : 1)
    for i in values.indices where !random.bernoulli(probability) { values[i] = 0 }
  }

  private func fillUnitBall(_ values: UnsafeMutableBufferPointer<Float>, rows: Int, _ random: inout Random) {
    let columns = values.count / rows
    for row in 0..<rows {
      var total: Float = 0
      for i in row * columns..<(row + 1) * columns {
        values[i] = random.uniform()
        total += values[i]
      }
      for i in row * columns..<(row + 1) * columns { values[i] /= total }
    }
  }

  private func fillBilinear(_ values: UnsafeMutableBufferPointer<Float>, size: Int) {
    let factor = Float((size + 1) / 2)
    let middle = Float(size - 1) / (2 * factor)
    for i in values.indices {
      let x = Float(i % size)
      let y = Float((i / size) % size)
      values[i] = (1 - abs(x / factor - middle)) * (1 - abs(y / factor - middle))
    }
  }
}
