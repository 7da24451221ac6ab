import ArgumentParser
import CaffeLog
import FoundationEssentials
import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program that this process was called as: `caffe`, or one of the tools that have a name of their own.
///
/// One executable serves all names. A link named `convert_mnist_data` does what `caffe convert_mnist_data` does; so does one
/// that ends as the original's programs and scripts did: `convert_mnist_data.bin`, `parse_log.py`, `parse_log.sh`.
struct Program {
  let name: String
  private let tool: (any ToolCommand.Type)?

  /// Flags that stand alone, of all commands together.
  private static let booleans: Set<String> = [
    "logtostderr", "alsologtostderr", "untrusted", "gray", "shuffle", "check_size", "encoded", "verbose", "display_lrm",
  ]

  /// Exit statuses: success, something went wrong, and a command line that makes no sense.
  private enum Status {
    static let success: CInt = 0
    static let failure: CInt = 1
    static let usage: CInt = 2
  }

  init(invokedAs path: String) {
    let file = path.split(separator: "/").last.map(String.init) ?? "caffe"
    let ending = [".bin", ".py", ".sh"].first { file.hasSuffix($0) } ?? ""
    let name = String(file.dropLast(ending.count))
    tool = CaffeCommand.ownPrograms.first { $0.configuration.commandName == name }
    self.name = tool == nil ? "caffe" : name
  }

  /// Runs the command that the arguments ask for and returns the exit status.
  func run(_ arguments: [String]) -> CInt {
    StandardStreams.occupyClosed()
    // Requests of a completion script are ArgumentParser's own.
    if arguments.first?.hasPrefix("---") == true { return parse(CaffeCommand.self, arguments, setAside: []) }
    do {
      var line = try GFlags(arguments, booleans: Self.booleans)
      if let tool {
        guard !isLackingOperand(line.words[...], of: tool) else { return tool.usageStatus }
        return parse(
          tool, line.arguments + ["--"] + line.words, setAside: [], usage: tool.usageStatus,
          mayStartAgain: !line.hasReadStream)
      }
      guard let word = line.words.first else { return runWithoutCommand(line) }
      if word == "help" {
        // ArgumentParser passes over words that it does not know.
        let unknown = line.words.first { $0 != "help" && Self.command(named: $0) == nil }
        return unknown.map(refuse) ?? parse(CaffeCommand.self, line.words, setAside: [])
      }
      guard let command = Self.command(named: word) else { return refuse(word) }
      let setAside = line.remove(command.flagsWithoutEffect)
      let operands = line.words.dropFirst()
      guard !isLackingOperand(operands, of: command) else { return command.usageStatus }
      return parse(
        CaffeCommand.self, [word] + line.arguments + (operands.isEmpty ? [] : ["--"] + operands), setAside: setAside,
        usage: command.usageStatus, mayStartAgain: !line.hasReadStream)
    } catch {
      complain("Error: \(error)")
      return Status.usage
    }
  }

  /// Says so if an operand is empty that must not be.
  private func isLackingOperand(_ operands: ArraySlice<String>, of command: any ToolCommand.Type) -> Bool {
    guard operands.contains(""), !command.takesEmptyOperands else { return false }
    complain("Error: one of the operands is empty.\nUsage: \(command.configuration.usage ?? name)")
    return true
  }

  private func runWithoutCommand(_ line: GFlags) -> CInt {
    if line.flags.isEmpty {
      return answer(CaffeCommand.helpMessage())
    }
    let answered = ["--help", "--version", "--generate-completion-script", "--help-hidden", "--experimental-dump-help"]
    if line.arguments.contains(where: { argument in answered.contains { argument.hasPrefix($0) } }) {
      return parse(CaffeCommand.self, line.arguments, setAside: [])
    }
    complain("Error: no command among the arguments.\n" + CaffeCommand.helpMessage())
    return Status.usage
  }

  private static func command(named name: String) -> (any ToolCommand.Type)? {
    CaffeCommand.commands.first { $0.configuration.commandName == name }
  }

  private func refuse(_ word: String) -> CInt {
    let names = CaffeCommand.commands.compactMap { $0.configuration.commandName }
    complain(
      (["Available caffe actions:"] + names.map { "\t" + $0 } + ["Unknown action: \(word)"]).joined(separator: "\n"))
    return Status.failure
  }

  private func parse(
    _ root: any ParsableCommand.Type, _ arguments: [String], setAside: [String], usage: CInt = Status.usage,
    mayStartAgain: Bool = true
  ) -> CInt {
    let tool: (any ToolCommand)?
    do {
      var command = try root.parseAsRoot(arguments)
      tool = command as? any ToolCommand
      // What is left are ArgumentParser's own commands, such as help; they answer by throwing a clean exit.
      if tool == nil { try command.run() }
    } catch {
      if root.exitCode(for: error) == .success {
        return answer(root.fullMessage(for: error))
      }
      complain(root.fullMessage(for: error))
      return usage
    }
    return tool.map { run($0, setAside: setAside, mayStartAgain: mayStartAgain) } ?? Status.success
  }

  private func run(_ command: any ToolCommand, setAside: [String], mayStartAgain: Bool) -> CInt {
    if mayStartAgain, type(of: command).runsNets { Spinning.restrict() }
    let environment = ProcessInfo.processInfo.environment
    let settings = command.logging.applied(to: LogSettings(environment: environment))
    let output: LogOutput
    do {
      output = try LogOutput(settings, program: name)
    } catch {
      complain("\(error)")
      return Status.failure
    }
    LoggingSystem.bootstrap { _ in GlogHandler(output: output, level: settings.level) }
    let session = Session(log: Logger(label: name), output: output)
    for problem in Variables.problems(in: environment) { session.log.warning("\(problem)") }
    for flag in setAside {
      session.log.warning("-\(flag) has no effect on \(type(of: command).configuration.commandName ?? name).")
    }
    do {
      try command.run(in: session)
      return Status.success
    } catch let status as ExitCode {
      return status.rawValue
    } catch {
      output.showProgress("")
      output.writeFailure("\(error)")
      return Status.failure
    }
  }

  /// Prints what was asked for.
  private func answer(_ text: String) -> CInt {
    do {
      try printLines(text)
      return Status.success
    } catch {
      complain("\(error)")
      return Status.failure
    }
  }

  private func complain(_ message: String) { LogOutput.writeAll(Array((message + "\n").utf8), to: STDERR_FILENO) }
}

@main
struct Main {
  static func main() {
    // A file that may not grow any more is an error to report, not a reason to die.
    signal(SIGXFSZ, SIG_IGN)
    // Names of files would be repaired, and other files be meant or made.
    for index in 0..<Int(CommandLine.argc) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      if String(validatingCString: argument) == nil {
        LogOutput.writeAll(
          Array("Error: an argument is not UTF-8: \(String(cString: argument)); rename the file or the folder\n".utf8),
          to: STDERR_FILENO)
        exit(2)
      }
    }
    exit(Program(invokedAs: CommandLine.arguments[0]).run(Array(CommandLine.arguments.dropFirst())))
  }
}
