import CaffeCore
import CaffeOneDNN
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct `oneDNN elementwise functions` {
  static let functions: [ElementwiseFunction] = [
    .relu(slope: 0), .relu(slope: 0.1), .relu(slope: -0.5), .sigmoid, .tanh, .elu(alpha: 1), .elu(alpha: 0.3),
  ]
  static let points: [Float] = [0, -0.0, 1, -1, 0.5, -0.5, 3, -3, 20, -20, 100, -100, 1e-3, -1e-3, 1e-30, .infinity]

  @Test(arguments: functions)
  func `are what their formulas say`(function: ElementwiseFunction) throws {
    let operation = try operation(function, [16])
    let result = Buffer(count: 16)
    operation.forward(buffer(Self.points), into: result)
    expectClose(result.array, Self.points.map { value(function, $0) }, tolerance: 1e-6)
  }

  @Test(arguments: functions)
  func `are differentiated by their results`(function: ElementwiseFunction) throws {
    let operation = try operation(function, [2, 8])
    let results = Self.points.map { value(function, $0) }
    let gradient = Buffer(count: 16)
    operation.backward(buffer(Self.points.map { _ in 2 }), at: buffer(results), into: gradient)
    expectClose(gradient.array, results.map { 2 * derivative(function, $0) }, tolerance: 1e-6)
  }

  @Test(arguments: functions)
  func `work in place`(function: ElementwiseFunction) throws {
    let operation = try operation(function, [40000])
    let apart = Buffer(count: 40000)
    let together = randomBuffer(40000, seed: 1)
    operation.forward(together, into: apart)
    operation.forward(together, into: together)
    #expect(apart.array == together.array)
    let gradient = randomBuffer(40000, seed: 2)
    operation.backward(gradient, at: apart, into: together)
    operation.backward(gradient, at: apart, into: gradient)
    #expect(gradient.array == together.array)
  }

  @Test(arguments: functions)
  func `do not hide a NaN`(function: ElementwiseFunction) throws {
    let operation = try operation(function, [3])
    let values = buffer([1, .nan, -1])
    operation.forward(values, into: values)
    #expect(values.array.map(\.isNaN) == [false, true, false])
    let gradient = buffer([1, 1, 1])
    operation.backward(gradient, at: buffer([.nan, 0.5, 0.5]), into: gradient)
    if case .relu = function { return }
    #expect(gradient.array.map(\.isNaN) == [true, false, false])
  }

  @Test(arguments: functions)
  func `keep to the layout of a convolution`(function: ElementwiseFunction) throws {
    let engine = OneDNNEngine()
    let description = convolution(16, 20, input: [6, 6], kernel: 3)
    let convolved = Buffer(count: description.destination.count)
    let operation = engine.convolution(description)
    operation.forward(
      randomBuffer(description.source.count, seed: 1), weights: randomBuffer(description.weights.count, seed: 2),
      bias: randomBuffer(20, seed: 3), into: convolved)
    let plain = convolved.array
    let before = engine.reorderCount
    let elementwise = try #require(engine.elementwise(.init(function: function, shape: description.destination)))
    elementwise.forward(convolved, into: convolved)
    #expect(engine.reorderCount == before)
    expectClose(convolved.array, plain.map { value(function, $0) }, tolerance: 1e-6)
  }

  private func operation(_ function: ElementwiseFunction, _ shape: Shape) throws -> any ElementwiseOperation {
    try #require(OneDNNEngine().elementwise(.init(function: function, shape: shape)))
  }

  private func value(_ function: ElementwiseFunction, _ x: Float) -> Float {
    switch function {
    case .relu(let slope): x > 0 ? x : slope * x
    case .sigmoid: Float(1 / (1 + exp(-Double(x))))
    case .tanh: Float(Glibc.tanh(Double(x)))
    case .elu(let alpha): x > 0 ? x : Float(Double(alpha) * expm1(Double(x)))
    }
  }

  private func derivative(_ function: ElementwiseFunction, _ y: Float) -> Float {
    switch function {
    case .relu(let slope): y > 0 ? 1 : slope
    case .sigmoid: y * (1 - y)
    case .tanh: 1 - y * y
    case .elu(let alpha): y > 0 ? 1 : y + alpha
    }
  }
}
