/// A reader that is given bytes for which nobody vouches.
///
/// It may read them or refuse them with an error. Whatever else it does is a fault: a trap, a hang, memory without measure, a
/// result that contradicts itself, or an error that no user can understand.
package struct FuzzTarget: Sendable {
  package let name: String
  /// The endings of the fixtures that are sound input.
  let endings: [String]
  /// The attribute of HDF5 fixtures that holds such a text, if there is one.
  let attribute: String?
  /// Sound input that no fixture has.
  package let made: @Sendable () throws -> [[UInt8]]
  private let read: @Sendable (_ bytes: [UInt8], FuzzFolder) throws -> Void

  init(
    _ name: String, endings: [String] = [], attribute: String? = nil,
    made: @escaping @Sendable () throws -> [[UInt8]] = { [] },
    read: @escaping @Sendable (_ bytes: [UInt8], FuzzFolder) throws -> Void
  ) {
    self.name = name
    self.endings = endings
    self.attribute = attribute
    self.made = made
    self.read = read
  }

  /// All targets; their names are those of their corpora.
  package static let all = messages + [build] + arrays + databases + images + [trainingLog]

  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

  /// Has the bytes read.
  ///
  /// - Returns: the words with which they were refused; nil if they were read.
  /// - Throws: `FuzzFinding` for a fault that does not end the process.
  @discardableResult
  package func run(_ bytes: [UInt8]) throws(FuzzFinding) -> String? {
    let folder = FuzzFolder()
    defer { folder.remove() }
    do {
      try read(bytes, folder)
      return nil
    } catch let finding as FuzzFinding {
      throw finding
    } catch {
      return try Self.checked("\(error)")
    }
  }

  /// A message for users names no Swift type and is no longer than a person reads.
  private static func checked(_ message: String) throws(FuzzFinding) -> String {
    let signs = ["Error(", "Error Domain", "(code:", "Optional(", "CocoaError", "DecodingError"]
    if let sign = signs.first(where: message.contains) {
      throw FuzzFinding("a message shows \(sign): \(message.prefix(300))")
    }
    guard !message.isEmpty, message.utf8.count < 20_000 else {
      throw FuzzFinding("a message has \(message.utf8.count) bytes: \(message.prefix(300))")
    }
    return message
  }
}

/// A fault that was found, in a sentence.
package struct FuzzFinding: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Throws a finding unless two things agree that must.
func require(_ condition: Bool, _ finding: @autoclosure () -> String) throws(FuzzFinding) {
  if !condition { throw FuzzFinding(finding()) }
}
