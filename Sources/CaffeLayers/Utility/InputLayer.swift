public import CaffeCore
public import CaffeProto

/// The place where a program puts data into a net.
///
/// | blob     | shape                                             |
/// |----------|---------------------------------------------------|
/// | `top[i]` | as given at first; whoever fills it may reshape it |
///
/// | parameter | default                                        |
/// |-----------|------------------------------------------------|
/// | `shape`   | none, one for all tops, or one for each        |
public final class InputLayer: Layer {
  public static let type = "Input"
  public static let bottomCount = BlobCount.exactly(0)
  public static let topCount = BlobCount.atLeast(1)

  private let parameter: InputParameter

  public init(_ definition: LayerDefinition, in context: LayerContext) { parameter = definition.inputParam }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let shapes = parameter.shape
    guard shapes.isEmpty || shapes.count == 1 || shapes.count == top.count else {
      throw NetError(
        """
        Must specify 'shape' once, once per top blob, or not at all: \(top.count) tops vs. \(shapes.count) shapes.
        """)
    }
    guard !shapes.isEmpty else { return }
    for (index, top) in top.enumerated() {
      top.reshape(to: try Shape(checking: shapes[shapes.count == 1 ? 0 : index].dim))
    }
  }

  /// The shape belongs to whoever fills the blob.
  public func reshape(_ bottom: [Blob], _ top: [Blob]) {}
  public func forward(_ bottom: [Blob], _ top: [Blob]) {}
  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}
