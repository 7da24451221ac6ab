public import CaffeCore
public import CaffeProto

/// Combines blobs of one shape element by element.
///
///     SUM:  y = Σ coeffᵢ · xᵢ          dxᵢ = coeffᵢ · dy
///     PROD: y = Π xᵢ                   dxᵢ = dy · Π xⱼ, j ≠ i (or dy · y / xᵢ)
///     MAX:  y = max xᵢ                 dy goes to the largest
///
/// Of the first two bottoms the second wins a tie; a later bottom wins only if it is larger.
///
/// | blob                  | shape                 |
/// |-----------------------|-----------------------|
/// | `bottom[i]`, `top[0]` | any, the same for all |
///
/// | parameter          | default                                                   |
/// |--------------------|-----------------------------------------------------------|
/// | `operation`        | `SUM`; `PROD`, `MAX`                                      |
/// | `coeff`            | all 1; one for each bottom, only with `SUM`               |
/// | `stable_prod_grad` | true; false divides, which is faster and fails for xᵢ = 0 |
public final class EltwiseLayer: Layer {
  public static let type = "Eltwise"
  public static let bottomCount = BlobCount.atLeast(2)
  public static let worksInPlace = true

  private let parameter: EltwiseParameter
  private let engine: any Engine
  private var coefficients: [Float] = []
  private var operation: (any SumOperation)?
  /// For `MAX`, the bottom that won each element.
  private var winners: [Int32] = []
  private let input = KeptInput()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameter = definition.eltwiseParam
    engine = context.engine
    guard parameter.operation == .sum || parameter.coeff.isEmpty else {
      throw NetError("Eltwise layer only takes coefficients for summation.")
    }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    guard parameter.coeff.isEmpty || parameter.coeff.count == bottom.count else {
      throw NetError("Eltwise Layer takes one coefficient per bottom blob.")
    }
    coefficients = parameter.coeff.isEmpty ? Array(repeating: 1, count: bottom.count) : parameter.coeff
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    for (index, blob) in bottom.enumerated() where blob.shape != shape {
      throw NetError(
        "bottom[0]: \(shape), bottom[\(index)]: \(blob.shape)", remedy: "all bottoms must have the same shape")
    }
    top[0].reshape(like: bottom[0])
    switch parameter.operation {
    case .sum:
      let description = SumDescription(shape: shape, coefficients: coefficients)
      if operation?.description != description { operation = engine.sum(description) }
    case .prod: break
    case .max: if winners.count != shape.count { winners = Array(repeating: 0, count: shape.count) }
    }
  }

  public var role: LayerRole {
    parameter.operation == .sum && coefficients == [1, 1] ? .sum : .other
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    switch parameter.operation {
    case .sum: operation?.forward(bottom.map(\.data), into: top[0].data)
    case .prod:
      input.keep(bottom[0], before: top[0])
      multiply(bottom, into: top[0].data)
    case .max: findMaximum(bottom, into: top[0].data)
    }
  }

  public var backwardReads: BackwardReads {
    guard parameter.operation == .prod else { return [] }
    return parameter.stableProdGrad ? .bottoms : [.bottoms, .tops]
  }

  /// From the last bottom to the first, whose gradient may be the top's if the layer works in place.
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for index in bottom.indices.reversed() where propagate[index] {
      let diff = bottom[index].diff
      switch parameter.operation {
      case .sum:
        if coefficients[index] == 1 {
          diff.copy(from: top[0].diff)
        } else {
          let coefficient = coefficients[index]
          let order = engine.order(of: top[0].diff, top[0].shape)
          let dy = engine.read(top[0].diff, in: order)
          let dx = engine.overwrite(diff, in: order)
          engine.forElements(order?.storedCount ?? top[0].count) { transform($0, dy, into: dx) { coefficient * $0 } }
        }
      case .prod: multiplyGradient(top[0], bottom, index)
      case .max: write(top[0].diff, into: diff) { winners[$0] == index ? $1 : 0 }
      }
    }
  }

  private func multiply(_ bottom: [Blob], into top: Buffer) {
    let order = engine.order(of: bottom[0].data, bottom[0].shape)
    let count = order?.storedCount ?? bottom[0].count
    let first = engine.read(bottom[0].data, in: order)
    let second = engine.read(bottom[1].data, in: order)
    let y = engine.overwrite(top, in: order)
    engine.forElements(count) { transform($0, first, second, into: y) { $0 * $1 } }
    for blob in bottom.dropFirst(2) {
      let x = engine.read(blob.data, in: order)
      engine.forElements(count) { transform($0, y, x, into: y) { $0 * $1 } }
    }
  }

  private func multiplyGradient(_ top: Blob, _ bottom: [Blob], _ index: Int) {
    // A division would not leave zeros where a block is filled up.
    let order =
      parameter.stableProdGrad
      ? engine.order(of: top.diff, top.shape) : engine.orderWithoutPadding(of: top.diff, top.shape)
    let count = order?.storedCount ?? top.count
    func values(_ bottomIndex: Int) -> UnsafePointer<Float> {
      engine.read(bottomIndex == 0 ? input.buffer(of: bottom[0]) : bottom[bottomIndex].data, in: order)
    }
    let dy = engine.read(top.diff, in: order)
    let dx = engine.overwrite(bottom[index].diff, in: order)
    guard parameter.stableProdGrad else {
      let y = engine.read(top.data, in: order)
      let x = values(index)
      engine.forElements(count) { range in
        for i in range { dx[i] = y[i] / x[i] * dy[i] }
      }
      return
    }
    var factor = dy
    for other in bottom.indices where other != index {
      let x = values(other)
      engine.forElements(count) { transform($0, factor, x, into: dx) { $1 * $0 } }
      factor = UnsafePointer(dx)
    }
  }

  private func findMaximum(_ bottom: [Blob], into top: Buffer) {
    let first = bottom[0].data.values
    let second = bottom[1].data.values
    let y = top.uninitializedValues
    for i in 0..<y.count {
      let firstWins = first[i] > second[i]
      winners[i] = firstWins ? 0 : 1
      y[i] = firstWins ? first[i] : second[i]
    }
    for index in bottom.indices.dropFirst(2) {
      let x = bottom[index].data.values
      for i in 0..<y.count where x[i] > y[i] {
        winners[i] = Int32(index)
        y[i] = x[i]
      }
    }
  }

  /// target[i] = transform(i, source[i])
  @inline(__always)
  private func write(_ source: Buffer, into target: Buffer, _ transform: (Int, Float) -> Float) {
    let x = source.values
    let y = target.uninitializedValues
    for i in 0..<x.count { y[i] = transform(i, x[i]) }
  }
}
