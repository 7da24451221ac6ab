/// What a file is given as.
public enum FileRole: Hashable, Sendable {
  case weights
  case solverState
  case mean
  /// The matrix of an InfogainLoss layer.
  case matrix
  case net
  case solver

  /// Whether a file of a kind may be right here; what cannot be told may be.
  public func admits(_ kind: FileKind?) -> Bool {
    switch (self, kind) {
    case (_, nil): true
    case (.weights, .weights?), (.weights, .hdf5?): true
    case (.solverState, .solverState?), (.solverState, .hdf5?): true
    case (.mean, .blob?), (.matrix, .blob?): true
    case (.net, .netText?), (.net, .text?), (.solver, .solverText?), (.solver, .text?): true
    default: false
    }
  }

  /// With its article.
  var name: String {
    switch self {
    case .weights: "weights (.caffemodel)"
    case .solverState: "the state of a solver (.solverstate)"
    case .mean: "a mean image (.binaryproto)"
    case .matrix: "a matrix (.binaryproto)"
    case .net: "the definition of a net (.prototxt)"
    case .solver: "the definition of a solver (.prototxt)"
    }
  }

  /// The message that original programs say they cannot parse.
  var message: String {
    switch self {
    case .weights, .net: "NetParameter"
    case .solverState: "SolverState"
    case .mean, .matrix: "BlobProto"
    case .solver: "SolverParameter"
    }
  }

  /// What to do about a file of another kind.
  func remedy(for kind: FileKind) -> String? {
    switch (self, kind) {
    case (_, .compressed(_, let unpack)): "unpack it first: \(unpack)"
    case (_, .gitLFSPointer): nil
    case (_, .markup): "the download gave a page instead of the file; fetch it again"
    case (.weights, .solverState):
      "its weights are in the .caffemodel of the same name; to go on from it, give it as -snapshot"
    case (.solverState, .weights):
      "give the .solverstate of the same name, or start anew from these weights with -weights"
    case (.weights, .netText), (.weights, .solverText), (.net, .weights), (.net, .hdf5):
      "were the definition and the weights swapped?"
    case (.net, .solverText): "give the file that its field net names"
    case (.solver, .netText): "give a solver, whose field net names this file"
    case (.net, .solverState), (.solver, .solverState): "a state is given as -snapshot, beside the definition"
    case (.solver, .weights), (.solver, .hdf5): "weights are given as -weights, beside the definition"
    case (.mean, .numpy), (.mean, .foreignModel):
      "write caffe.io.array_to_blobproto(array).SerializeToString() to a file in Python, or give mean_value instead"
    case (.matrix, .numpy):
      "write caffe.io.array_to_blobproto(array).SerializeToString() to a file in Python"
    case (.mean, .picture), (.mean, .database), (.mean, .hdf5): "compute_image_mean makes one from a database"
    case (.mean, .weights): "were the mean and the weights swapped?"
    case (.weights, .blob): "were the mean and the weights swapped?"
    case (.weights, .foreignModel), (.weights, .numpy): "convert it to a .caffemodel first"
    case (.net, .foreignModel), (.solver, .foreignModel): "convert it to Caffe's form first"
    default: nil
    }
  }

  /// Throws if the file is certainly of another kind.
  public func check(_ path: String) throws(WrongFileError) {
    guard let kind = FileKind(path: path), !admits(kind) else { return }
    throw WrongFileError(file: path, role: self, kind: kind)
  }
}

/// A file that was given in place of another kind of file.
public struct WrongFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var role: FileRole
  public var kind: FileKind

  public init(file: String, role: FileRole, kind: FileKind) {
    self.file = file
    self.role = role
    self.kind = kind
  }

  /// What the file is and is not.
  public var problem: String { "the file is \(kind.description), not \(role.name)" }
  public var remedy: String? { role.remedy(for: kind) }

  public var description: String {
    "\(file): error: \(problem)" + (remedy.map { "\n  \($0)" } ?? "")
      + "\nFailed to parse \(role.message) file: \(file)"
  }
}
