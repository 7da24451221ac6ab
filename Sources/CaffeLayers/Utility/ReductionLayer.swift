public import CaffeCore
public import CaffeProto

/// Reduces the last axes of a blob to one number.
///
/// | `operation` | y                 | dx                         |
/// |-------------|-------------------|----------------------------|
/// | `SUM`       | coeff · Σ x       | coeff · dy                 |
/// | `ASUM`      | coeff · Σ \|x\|   | coeff · dy · sign(x)       |
/// | `SUMSQ`     | coeff · Σ x²      | 2 · coeff · dy · x         |
/// | `MEAN`      | coeff · Σ x / m   | coeff · dy / m             |
///
/// m is the number of values that are reduced to one; the mean of none is NaN.
///
/// | blob        | shape                                     |
/// |-------------|-------------------------------------------|
/// | `bottom[0]` | A… × B…, split before `axis`              |
/// | `top[0]`    | A…; a scalar if `axis` is the first       |
///
/// | parameter   | default                     |
/// |-------------|-----------------------------|
/// | `operation` | `SUM`                       |
/// | `axis`      | 0, the first to be reduced  |
/// | `coeff`     | 1                           |
public final class ReductionLayer: Layer {
  public static let type = "Reduction"

  private let parameter: ReductionParameter
  /// How many values become one.
  private var size = 0
  private var coefficient: Float = 1

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.reductionParam }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let axis = try shape.axis(Int(parameter.axis))
    size = shape.count(axis...)
    coefficient = parameter.operation == .mean ? parameter.coeff / Float(size) : parameter.coeff
    top[0].reshape(to: Shape(shape.axes(..<axis)))
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.values.baseAddress!
    let y = top[0].data.uninitializedValues
    for item in y.indices { y[item] = coefficient * reduce(x + item * size) }
  }

  public var backwardReads: BackwardReads { [.asum, .sumsq].contains(parameter.operation) ? .bottoms : [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let x = bottom[0].data.values
    let dy = top[0].diff.values
    let dx = bottom[0].diff.uninitializedValues
    for item in dy.indices {
      let gradient = coefficient * dy[item]
      let values = item * size..<(item + 1) * size
      switch parameter.operation {
      case .sum, .mean: for i in values { dx[i] = gradient }
      case .asum: for i in values { dx[i] = x[i] > 0 ? gradient : x[i] < 0 ? -gradient : 0 }
      case .sumsq: for i in values { dx[i] = 2 * gradient * x[i] }
      }
    }
  }

  private func reduce(_ x: UnsafePointer<Float>) -> Float {
    switch parameter.operation {
    case .sum, .mean: return sum(x, count: size)
    case .sumsq: return dot(x, x, count: size)
    case .asum: return sumOfMagnitudes(x, count: size)
    }
  }
}
