public import CaffeCore

/// A layer that applies one function to every element: y = f(x), dx = dy · f′(x).
///
/// A layer file states the function and its derivative; the loops are here. It may work in place: where the derivative
/// needs x, a copy of x is kept.
public protocol NeuronLayer: Layer {
  /// f(x)
  func value(at x: Float) -> Float

  /// f′(x), from x where `derivativeNeedsInput`, otherwise from y = f(x).
  func derivative(from value: Float) -> Float

  /// Whether `derivative` looks at x.
  var derivativeNeedsInput: Bool { get }

  /// What the layer keeps between passes.
  var workspace: NeuronWorkspace { get }
}

extension NeuronLayer {
  public static var worksInPlace: Bool { true }
  public var derivativeNeedsInput: Bool { true }
  public var backwardReads: BackwardReads { workspace.operation == nil && derivativeNeedsInput ? .bottoms : .tops }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    top[0].reshape(like: bottom[0])
    workspace.prepare(bottom[0].shape)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    if let operation = workspace.operation { return operation.forward(bottom[0].data, into: top[0].data) }
    if derivativeNeedsInput { workspace.input.keep(bottom[0], before: top[0]) }
    let engine = workspace.engine
    let order = engine.orderWithoutPadding(of: bottom[0].data, bottom[0].shape)
    let x = engine.read(bottom[0].data, in: order)
    let y = engine.overwrite(top[0].data, in: order)
    engine.forElements(bottom[0].count) { transform($0, x, into: y) { value(at: $0) } }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    if propagate[0] { multiplyByDerivative(top, bottom) }
  }

  /// dx = dy · f′(x)
  func multiplyByDerivative(_ top: [Blob], _ bottom: [Blob]) {
    if let operation = workspace.operation {
      return operation.backward(top[0].diff, at: top[0].data, into: bottom[0].diff)
    }
    let engine = workspace.engine
    let order = engine.orderWithoutPadding(of: top[0].diff, top[0].shape)
    let x = engine.read(derivativeNeedsInput ? workspace.input.buffer(of: bottom[0]) : top[0].data, in: order)
    let dy = engine.read(top[0].diff, in: order)
    let dx = engine.overwrite(bottom[0].diff, in: order)
    engine.forElements(bottom[0].count) { range in
      for i in range { dx[i] = dy[i] * derivative(from: x[i]) }
    }
  }
}

/// What a neuron layer keeps: its engine, the engine's operation if that has the function ready-made, and a copy of the input.
public final class NeuronWorkspace {
  fileprivate let input = KeptInput()
  fileprivate var operation: (any ElementwiseOperation)?
  fileprivate let engine: any Engine
  private let function: ElementwiseFunction?
  private var shape: Shape?

  /// - Parameter function: a function that the engine may know. Engines compute derivatives from results, so it must not
  ///   need its input. nil: the layer's own loops, on the engine's threads and in its orders of memory.
  public init(_ function: ElementwiseFunction? = nil, engine: any Engine) {
    self.engine = engine
    self.function = function
  }

  fileprivate func prepare(_ shape: Shape) {
    guard let function, shape != self.shape else { return }
    self.shape = shape
    operation = engine.elementwise(ElementwiseDescription(function: function, shape: shape))
  }
}
