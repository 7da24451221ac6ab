public import CaffeCore

/// A layer that applies one function to every element: y = f(x), dx = dy · f′(x).
///
/// A layer file states the function and its derivative; the loops are here. It may work in place: where the derivative
/// needs x, a copy of x is kept.
public protocol NeuronLayer: Layer {
  /// f(x)
  func value(at x: Float) -> Float

  /// f′(x), where f(x) = y. Without `derivativeNeedsInput` only y may be looked at.
  func derivative(at x: Float, value y: Float) -> Float

  /// Whether `derivative` looks at x.
  var derivativeNeedsInput: Bool { get }

  /// What the layer keeps between passes.
  var workspace: NeuronWorkspace { get }
}

extension NeuronLayer {
  public static var worksInPlace: Bool { true }
  public var derivativeNeedsInput: Bool { true }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    top[0].reshape(like: bottom[0])
    workspace.prepare(bottom[0].shape)
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    if let operation = workspace.operation { return operation.forward(bottom[0].data, into: top[0].data) }
    if derivativeNeedsInput { workspace.input.keep(bottom[0], before: top[0]) }
    let x = bottom[0].data.values
    let y = top[0].data.uninitializedValues
    for i in 0..<x.count { y[i] = value(at: x[i]) }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    if propagate[0] { multiplyByDerivative(top, bottom) }
  }

  /// dx = dy · f′(x)
  func multiplyByDerivative(_ top: [Blob], _ bottom: [Blob]) {
    if let operation = workspace.operation {
      return operation.backward(top[0].diff, at: top[0].data, into: bottom[0].diff)
    }
    let y = top[0].data.values
    let x = derivativeNeedsInput ? workspace.input.values(of: bottom[0]) : y
    let dy = top[0].diff.values
    let dx = bottom[0].diff.uninitializedValues
    for i in 0..<x.count { dx[i] = dy[i] * derivative(at: x[i], value: y[i]) }
  }
}

/// What a neuron layer keeps: the operation of an engine that has the function ready-made, and a copy of the input.
public final class NeuronWorkspace {
  fileprivate let input = KeptInput()
  fileprivate var operation: (any ElementwiseOperation)?
  private let engine: (any Engine)?
  private let function: ElementwiseFunction?
  private var shape: Shape?

  /// Nothing but the layer's own loops.
  public init() {
    engine = nil
    function = nil
  }

  /// A function that the engine may know. Engines compute derivatives from results, so it must not need its input.
  public init(_ function: ElementwiseFunction?, engine: any Engine) {
    self.engine = engine
    self.function = function
  }

  fileprivate func prepare(_ shape: Shape) {
    guard let engine, let function, shape != self.shape else { return }
    self.shape = shape
    operation = engine.elementwise(ElementwiseDescription(function: function, shape: shape))
  }
}
