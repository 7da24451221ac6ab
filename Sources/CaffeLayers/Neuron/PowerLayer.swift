public import CaffeCore
public import CaffeProto

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A power of a linear function.
///
///     y  = (shift + scale · x) ^ power
///     dx = dy · power · scale · (shift + scale · x) ^ (power − 1)
///
/// Where power · scale is 0, y is constant and dx is 0.
///
/// - Warning: In place with power 1, Caffe overwrites dy before it reads it, so that dx = scale². Recorded runs hold this
///   number, so it is kept, and the log says so. Give the top a name of its own to get the gradient.
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter | default |
/// |-----------|---------|
/// | `power`   | 1       |
/// | `scale`   | 1       |
/// | `shift`   | 0       |
public final class PowerLayer: NeuronLayer {
  public static let type = "Power"
  public let workspace: NeuronWorkspace
  private let power: Float
  private let scale: Float
  private let shift: Float
  private let kind: Kind
  private let context: LayerContext
  private var hasWarned = false

  /// The powers that need no call of `pow`.
  private enum Kind { case constant, linear, square, general }

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    workspace = NeuronWorkspace(engine: context.engine)
    self.context = context
    power = definition.powerParam.power
    scale = definition.powerParam.scale
    shift = definition.powerParam.shift
    kind = power * scale == 0 ? .constant : power == 1 ? .linear : power == 2 ? .square : .general
  }

  public func value(at x: Float) -> Float {
    let base = shift + scale * x
    return switch kind {
    case .constant: power == 0 ? 1 : pow(shift, power)
    case .linear: base
    case .square: base * base
    case .general: pow(base, power)
    }
  }

  public func derivative(from x: Float) -> Float {
    switch kind {
    case .constant: 0
    case .linear: scale
    case .square: 2 * scale * (shift + scale * x)
    case .general: power * scale * pow(shift + scale * x, power - 1)
    }
  }

  public var backwardReads: BackwardReads { kind == .square || kind == .general ? .bottoms : [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    guard kind == .linear, top[0] === bottom[0] else { return multiplyByDerivative(top, bottom) }
    if !hasWarned {
      context.logger.warning("Power in place has the gradient scale² as in Caffe; give its top a name of its own.")
      hasWarned = true
    }
    bottom[0].diff.uninitializedValues.update(repeating: scale * scale)
  }

  public var derivativeNeedsInput: Bool { kind == .square || kind == .general }
}
