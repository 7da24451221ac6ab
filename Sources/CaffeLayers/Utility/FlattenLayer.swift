public import CaffeCore
public import CaffeProto

/// Merges neighbouring axes into one. Nothing is copied: the top shares the bottom's values and gradient.
///
/// | blob        | shape                                |
/// |-------------|--------------------------------------|
/// | `bottom[0]` | … × a × … × b × …; not in place      |
/// | `top[0]`    | … × (a · … · b) × …                  |
///
/// | parameter  | default        |
/// |------------|----------------|
/// | `axis`     | 1, the first   |
/// | `end_axis` | −1, the last   |
public final class FlattenLayer: Layer {
  public static let type = "Flatten"

  private let parameter: FlattenParameter

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.flattenParam }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let shape = bottom[0].shape
    let first = try shape.axis(Int(parameter.axis))
    let last = try shape.axis(Int(parameter.endAxis))
    guard first <= last else { throw NetError("the first axis to flatten, \(first), comes after the last, \(last)") }
    top[0].reshape(to: Shape(shape.axes(..<first) + [shape.count(first...last)] + shape.axes((last + 1)...)))
    top[0].share(bottom[0])
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {}
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}

extension Blob {
  /// Makes this blob another view of the other's values and gradient.
  func share(_ other: Blob) {
    shareData(of: other)
    shareDiff(of: other)
  }
}
