/// Something that reading a file of an old format did, to be logged.
public struct UpgradeNotice: Hashable, Sendable, CustomStringConvertible {
  public enum Severity: Hashable, Sendable { case info, warning, error }

  public var severity: Severity
  public var text: String

  public init(_ severity: Severity, _ text: String) {
    self.severity = severity
    self.text = text
  }

  public var description: String { text }
}

/// A net or solver of an old format that has no newest form.
public struct UpgradeError: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String?
  /// Where the layer starts that cannot be upgraded, if it came as text.
  public var location: SourceLocation?
  public var problem: Problem

  public enum Problem: Hashable, Sendable {
    /// The net has both `layer` and `layers`.
    case mixedFormats
    case unknownV0Type(String, layer: String)
    /// A V0 `padding` layer is followed by something else than a convolution or pooling with one bottom.
    case misplacedPadding(layer: String, type: String)
    /// `input_shape` or `input_dim` do not match the inputs.
    case inputShapes(inputs: Int, shapes: Int, dims: Int)
    /// The solver has both `solver_type` and `type`.
    case twoSolverTypes
  }

  public init(file: String?, location: SourceLocation? = nil, problem: Problem) {
    self.file = file
    self.location = location
    self.problem = problem
  }

  public var description: String {
    let place = location.map(\.description) ?? file ?? "net"
    let excerpt = location.map { "\n" + $0.excerpt } ?? ""
    return "\(place): error: \(problem)\(excerpt)"
  }
}

extension UpgradeError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .mixedFormats:
      "Refusing to upgrade inconsistent NetParameter input; the net has both \"layers\" (the old format) and \"layer\" "
        + "(the new one): write all layers in one of them"
    case .unknownV0Type(let type, let layer): "Unknown layer name: \(type) (the type of layer \"\(layer)\")"
    case .misplacedPadding(let layer, let type):
      "layer \"\(layer)\" of type \(type) reads a padding layer; only conv and pool layers with one bottom may"
    case .inputShapes(let inputs, let shapes, let dims):
      "\(inputs) inputs need \(inputs) input_shape or \(4 * inputs) input_dim, but there are \(shapes) and \(dims)"
    case .twoSolverTypes:
      "the solver has both \"solver_type\" (the old field) and \"type\" (the new one): remove solver_type"
    }
  }
}
