import FoundationEssentials
import SwiftProtobuf

/// Protobuf's binary format, in which weights, means and training states are stored.
public enum BinaryProto {
  /// Decodes a message out of a file (.caffemodel, .solverstate, .binaryproto).
  ///
  /// Fields that caffe.proto lacks are dropped. A net of an old format stays as it is: see ``NetDefinition``.
  public static func read<M: Message>(_ type: M.Type, path: String) throws(BinaryProtoError) -> M {
    try parse(type, bytes: contents(of: path, for: type), file: path)
  }

  /// Decodes a message.
  ///
  /// - Parameter file: The name that errors give as the place.
  public static func parse<M: Message>(
    _ type: M.Type, bytes: Data, file: String
  ) throws(BinaryProtoError) -> M {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    do {
      return try M(serializedBytes: bytes, options: options)
    } catch {
      let problem: BinaryProtoError.Problem
      if let format = BinaryProtoError.foreignFormat(bytes, for: type) {
        problem = .foreign(format)
      } else {
        problem = .damaged(BinaryProtoError.words(for: error), byteCount: bytes.count)
      }
      throw BinaryProtoError(file: file, message: Schema.caffe.message(for: type).name, problem: problem)
    }
  }

  /// Writes a message to a file so that the file is never seen half written: to a file beside it, synced, then renamed.
  public static func write<M: Message>(_ message: M, path: String) throws(BinaryProtoError) {
    func failed(_ problem: BinaryProtoError.Problem) -> BinaryProtoError {
      BinaryProtoError(file: path, message: Schema.caffe.message(for: M.self).name, problem: problem)
    }
    let bytes: [UInt8]
    do { bytes = try message.serializedBytes(partial: true) } catch { throw failed(.tooLarge) }

    do { try AtomicFile.write(bytes, to: path) } catch { throw failed(.unwritable(error.reason)) }
  }

  static func contents<M: Message>(of path: String, for type: M.Type) throws(BinaryProtoError) -> Data {
    func failed(_ problem: BinaryProtoError.Problem) -> BinaryProtoError {
      BinaryProtoError(file: path, message: Schema.caffe.message(for: type).name, problem: problem)
    }
    let data: Data
    do {
      data = try fileContents(path)
    } catch {
      switch error {
      case .notFound: throw failed(.fileNotFound)
      case .unreadable(let reason): throw failed(.unreadable(reason))
      }
    }
    guard !data.isEmpty else { throw failed(.empty) }
    return data
  }
}

/// A binary file that cannot be read or written.
public struct BinaryProtoError: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  /// The message that the file should hold, such as `NetParameter`.
  public var message: String
  public var problem: Problem

  public enum Problem: Hashable, Sendable {
    case fileNotFound
    case unreadable(String)
    case empty
    /// The bytes are not a message; what the decoder says, and how many bytes there are.
    case damaged(String, byteCount: Int)
    /// The file is of another kind, which is named.
    case foreign(String)
    case unwritable(String)
    case tooLarge
  }

  public init(file: String, message: String, problem: Problem) {
    self.file = file
    self.message = message
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .fileNotFound: "\(file): error: File not found: \(file)"
    case .unreadable(let reason): "\(file): error: cannot read the file: \(reason)\n\(originalWords)"
    case .empty: "\(file): error: the file is empty; was it copied completely?\n\(originalWords)"
    case .damaged(let reason, let count):
      "\(file): error: the file is damaged or cut off (\(count) bytes, \(reason)); "
        + "compare its size and checksum with its source\n\(originalWords)"
    case .foreign(let format): "\(file): error: the file is \(format), not a binary \(message)\n\(originalWords)"
    case .unwritable(let reason):
      "\(file): error: cannot write the file: \(reason); does its directory exist and is there space?"
    case .tooLarge: "\(file): error: this \(message) has more than 2 GB, the limit of the format; use HDF5 instead"
    }
  }

  private var originalWords: String { "Failed to parse \(message) file: \(file)" }

  /// What the decoder found.
  static func words(for error: any Error) -> String {
    switch error as? BinaryDecodingError {
    case .truncated: "the last value ends too early"
    case .invalidUTF8: "a text in it is not UTF-8"
    case .messageDepthLimit: "it is nested too deeply"
    case .missingRequiredFields: "a field that must be there is missing"
    default: "it is no message of protobuf"
    }
  }

  /// What bytes that are no message look like, in words.
  static func foreignFormat<M: Message>(_ bytes: Data, for type: M.Type) -> String? {
    guard let kind = FileKind(bytes) else { return nil }
    let role: FileRole? =
      switch type {
      case is NetParameter.Type: .weights
      case is SolverState.Type: .solverState
      case is BlobProto.Type: .mean
      default: nil
      }
    if kind != .hdf5, role?.admits(kind) ?? (kind == .datum) { return nil }
    return kind.description
  }
}
