import CaffeCore
import Testing

@Suite struct `Reference inner product` {
  @Test func `multiplies by hand`() {
    let description = InnerProductDescription(rows: 1, inputs: 3, outputs: 2, hasBias: true)
    let y = Buffer(count: 2)
    ReferenceEngine().innerProduct(description).forward(
      buffer([1, 2, 3]), weights: buffer([1, 0, -1, 2, 2, 2]), bias: buffer([10, 20]), into: y)
    #expect(Array(y.values) == [8, 32])
  }

  @Test(arguments: [false, true])
  func `has gradients that agree with differences and add up`(isTransposed: Bool) {
    let description = InnerProductDescription(
      rows: 5, inputs: 7, outputs: 6, isTransposed: isTransposed, hasBias: true)
    let operation = ReferenceEngine().innerProduct(description)
    let x = buffer(numbers(35, seed: 1))
    let w = buffer(numbers(42, seed: 2))
    let b = buffer(numbers(6, seed: 3))
    let dy = numbers(30, seed: 4)
    let y = Buffer(count: 30)
    func forward() -> Buffer {
      operation.forward(x, weights: w, bias: b, into: y)
      return y
    }
    let dx = Buffer(count: 35)
    let dw = Buffer(count: 42)
    let db = Buffer(count: 6)
    operation.backwardData(buffer(dy), weights: w, into: dx)
    for _ in 0..<2 { operation.backwardParameters(x, buffer(dy), weights: dw, bias: db) }
    #expect(areClose(dx.values, numericGradient(of: x, weighedBy: dy, forward), tolerance: 1e-3))
    #expect(areClose(dw.values.map { $0 / 2 }, numericGradient(of: w, weighedBy: dy, forward), tolerance: 1e-3))
    #expect(areClose(db.values.map { $0 / 2 }, numericGradient(of: b, weighedBy: dy, forward), tolerance: 1e-3))
  }

  @Test func `agrees with the transposed weights on sizes that fill no block evenly`() {
    let rows = 3
    let inputs = 261
    let outputs = 517
    let x = buffer(numbers(rows * inputs, seed: 1))
    let w = numbers(inputs * outputs, seed: 2)
    let transposed = (0..<inputs * outputs).map { w[$0 % outputs * inputs + $0 / outputs] }
    let y = Buffer(count: rows * outputs)
    let other = Buffer(count: rows * outputs)
    var description = InnerProductDescription(rows: rows, inputs: inputs, outputs: outputs, hasBias: false)
    ReferenceEngine().innerProduct(description).forward(x, weights: buffer(w), bias: nil, into: y)
    description.isTransposed = true
    ReferenceEngine().innerProduct(description).forward(x, weights: buffer(transposed), bias: nil, into: other)
    #expect(areClose(y.values, other.values))
  }
}
