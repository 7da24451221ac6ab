import FoundationEssentials
import SwiftProtobuf

/// Protobuf's text format, in which nets and solvers are written.
public enum Prototxt {
  /// Decodes a message out of text.
  ///
  /// - Parameter file: The name that errors give as the place.
  public static func parse<M: Message>(
    _ type: M.Type, text: String, file: String
  ) throws(PrototxtError) -> M {
    try parse(type, bytes: Array(text.utf8), file: file).message
  }

  /// Decodes a message out of a text file.
  public static func read<M: Message>(_ type: M.Type, path: String) throws(PrototxtError) -> M {
    try parse(type, bytes: bytes(of: path, for: type), file: path).message
  }

  /// The message as text: two spaces of indent, fields by number, elements of repeated fields one to a line.
  ///
  /// Fields that caffe.proto lacks are left out. A message of more than 2 GB, the limit of protobuf, prints as nothing.
  public static func print(_ message: some Message) -> String {
    guard let bytes: [UInt8] = try? message.serializedBytes(partial: true) else { return "" }
    var printer = PrototxtPrinter()
    bytes.withUnsafeBytes { printer.print($0[...], as: Schema.caffe.message(for: Swift.type(of: message))) }
    return printer.text
  }

  /// Decodes a message, and tells where each message in its repeated fields starts.
  static func parse<M: Message>(
    _ type: M.Type, bytes: [UInt8], file: String
  ) throws(PrototxtError) -> (message: M, places: [String: [SourceLocation]]) {
    let declared = Schema.caffe.message(for: type)
    let (wire, places) = try PrototxtParser.parse(bytes, file: file, as: declared)
    do {
      return (try M(serializedBytes: wire), places)
    } catch {
      throw PrototxtError(
        location: SourceLocation(file: file), problem: .unreadable("\(error)"), message: declared.name)
    }
  }

  static func bytes<M: Message>(of path: String, for type: M.Type) throws(PrototxtError) -> [UInt8] {
    do throws(FileFailure) {
      let bytes = try TextFile(path).bytes
      guard bytes.contains(where: { $0 > 0x20 }) else {
        throw .unreadable("the file is empty; was it copied completely?")
      }
      return bytes
    } catch {
      let problem: PrototxtError.Problem =
        switch error {
        case .notFound: .fileNotFound(path)
        case .unreadable(let reason): .unreadable(reason)
        }
      throw PrototxtError(
        location: SourceLocation(file: path), problem: problem, message: Schema.caffe.message(for: type).name)
    }
  }
}
