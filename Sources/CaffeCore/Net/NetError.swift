public import CaffeProto

/// What went wrong while a net was built, loaded or run: the place, the cause and the way out.
///
/// A layer throws the cause alone; the net adds the layer's name, its place in the prototxt and the shapes of its bottoms.
public struct NetError: Error, Hashable, Sendable {
  public var problem: String
  public var remedy: String?
  public var layer: String?
  public var layerType: String?
  public var location: SourceLocation?
  public var bottomShapes: [Shape] = []

  public init(_ problem: String, remedy: String? = nil) {
    self.problem = problem
    self.remedy = remedy
  }
}

extension NetError: CustomStringConvertible {
  /// `net.prototxt:12:1: error: layer 'ip1' (InnerProduct): …`, then the bottoms' shapes and the way out, a line each.
  public var description: String {
    var text = (location.map { "\($0): " } ?? "") + "error: "
    if let layer { text += "layer '\(layer)'" + (layerType.map { " (\($0))" } ?? "") + ": " }
    text += problem
    for (index, shape) in bottomShapes.enumerated() { text += "\n  bottom[\(index)]: \(shape)" }
    if let remedy { text += "\n  \(remedy)" }
    return text.readable
  }
}
