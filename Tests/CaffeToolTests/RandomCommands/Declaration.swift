import Foundation

/// What a command says of itself: its flags and operands, from the description that the program writes for other programs.
struct Declaration: Decodable, Sendable {
  struct Argument: Decodable, Sendable {
    struct Name: Decodable, Sendable {
      var name: String
    }

    var kind: String
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    /// The values of a flag that takes one of a few.
    var allValues: [String]?

    var name: String { names?.first?.name ?? valueName ?? "" }
    /// Whether a default tells that the value is a number.
    var isNumber: Bool { defaultValue.map { Int($0) != nil } ?? false }
  }

  struct Command: Decodable, Sendable {
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?
  }

  var command: Command

  /// The flags of a command, negative forms too.
  var flags: [Argument] { (command.arguments ?? []).filter { $0.kind != "positional" } }
  /// The names of the program's commands.
  var commandNames: [String] { (command.subcommands ?? []).map(\.commandName) }

  /// Asks the program.
  init(of words: [String], executable: URL) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = executable
    process.arguments = words + ["--experimental-dump-help"]
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    self = try JSONDecoder().decode(Declaration.self, from: text)
  }
}
