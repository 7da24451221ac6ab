import Foundation

/// Runs random commands, and says of each what was not as it should be.
///
/// A command may end with 0, 1 or 2, and must say why it does not succeed. What it read must be as it was; nothing may be left
/// but what was asked for, and nothing at all by a failure.
final class RandomCommands: Sendable {
  private let executable: URL
  private let folder: URL
  private let declarations: [String: Declaration]
  private let files: [String]
  private let contents: [String: Content]
  private let limits: String
  private var template: URL { folder.appending(path: "template") }

  init(executable: URL) throws {
    self.executable = executable
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "caffe-commands-\(UUID().uuidString)")
    let template = folder.appending(path: "template")
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    try Example.prepare(template, caffe: executable)
    var declarations: [String: Declaration] = [:]
    for command in Set(Example.all.map(\.command)) {
      declarations[command] = try Declaration(of: [command], executable: executable)
    }
    self.declarations = declarations
    files = try FileManager.default.subpathsOfDirectory(atPath: template.path).sorted()
    contents = Self.contents(of: template)
    // 6 GB of addresses are enough, except for sanitizers.
    let limits = "ulimit -v \(6 << 20)\n"
    let run = try ShellRun(limits + "exec \"$caffe\" --version", in: template, caffe: executable)
    self.limits = run.status == 0 ? limits : ""
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Runs the examples, and tells those that do not end as they should.
  func failedExamples() throws -> [String] {
    try Example.all.compactMap { example in
      try inCopy(named: "example") { work in
        let words = ([example.command] + example.arguments).map { $0 == ";" ? "';'" : $0 }
        let run = try ShellRun("exec \"$caffe\" \(words.joined(separator: " "))", in: work, caffe: executable)
        return run.status == example.status ? nil : "\(words): \(run.errors)"
      }
    }
  }

  /// Runs the command of a seed; nil if all was well.
  func finding(forSeed seed: UInt64) throws -> String? {
    let command = RandomCommand(seed: seed, declarations: declarations, files: files)
    return try inCopy(named: "\(seed)") { work in
      var before = contents
      if !command.preparation.isEmpty {
        _ = try ShellRun(command.preparation.joined(separator: "\n"), in: work, caffe: executable)
        before = Self.contents(of: work)
      }
      let run = try ShellRun(limits + command.script, in: work, caffe: executable)
      let after = Self.contents(of: work)
      let complaints = Self.complaints(about: run, command, after) + Self.complaints(about: after, before, run, command)
      guard !complaints.isEmpty else { return nil }
      let script = (command.preparation + [command.script]).joined(separator: "\n")
      return """
        seed \(seed): \(complaints.joined(separator: "; "))
        \(script)
        \(run.status.map { "exit code \($0)" } ?? "no exit code"), \(run.errors.suffix(1500))\(run.output.suffix(300))
        """
    }
  }

  private func inCopy<Value>(named name: String, _ body: (URL) throws -> Value) throws -> Value {
    let home = folder.appending(path: name)
    let work = home.appending(path: "files")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: template, to: work)
    defer {
      do { try FileManager.default.removeItem(at: home) } catch {
        // Folders that nobody may enter.
        _ = try? ShellRun("chmod -R u+rwx files; rm -r files", in: home, caffe: executable)
        try? FileManager.default.removeItem(at: home)
      }
    }
    return try body(work)
  }

  // MARK: What must hold

  private static func complaints(
    about run: ShellRun, _ command: RandomCommand, _ files: [String: Content]
  ) -> [String] {
    if run.hangs { return ["does not end"] }
    guard let status = run.status else {
      return run.signal == SIGPIPE && command.writesToNobody ? [] : ["ends by signal \(run.signal ?? 0)"]
    }
    var complaints: [String] = []
    if ![0, 1, 2].contains(status) { complaints.append("exit code \(status)") }
    if status != 0, !command.isMute, !run.errors.contains(/[a-z]{2}.* .*[a-z]{2}/) {
      complaints.append("fails without a word")
    }
    let said = run.errors + run.output
    for word in raw where said.contains(word) { complaints.append("says \(word)") }
    if let match = said.firstMatch(of: /\b[A-Z]\w+(\.\w+)?\([a-z]\w*: .*\)/) { complaints.append("says \(match.0)") }
    // A message without a name in front of its colon is about an empty path.
    if said.contains(#/(^|\n): /#) { complaints.append("names nothing") }
    if status == 0, command.hasNonsense, !command.isMute, !command.asksForHelp, !said.contains(RandomCommand.nonsense),
      !files.keys.contains(where: { $0.contains(RandomCommand.nonsense) })
    {
      complaints.append("takes nonsense without a word")
    }
    return complaints
  }

  /// Words that only programmers know.
  private static let raw = [
    "CocoaError", "NSError", "NSCocoa", "POSIXError", "Error Domain", "Foundation", "Fatal error", "HDF5-DIAG",
    "terminate called", "what():", "Optional(", "Assertion", "Swift.", "malformedProtobuf",
  ]

  private static func complaints(
    about found: [String: Content], _ before: [String: Content], _ run: ShellRun, _ command: RandomCommand
  ) -> [String] {
    let line = command.words.joined(separator: " ")
    func isAskedFor(_ name: String) -> Bool {
      // What commands name themselves: snapshots, logs, tables; and what lies in a folder that is named.
      ["run_iter_", ".log.", ".INFO", ".train", ".test"].contains { name.contains($0) }
        || sequence(first: name[...]) { path in path.lastIndex(of: "/").map { path[..<$0] } }.contains {
          line.contains($0)
        }
    }
    var complaints: [String] = []
    for (name, content) in found where before[name] != content {
      let isNew = before[name] == nil
      if name.contains(".partial") || name.hasSuffix(".tmp") || !isAskedFor(name) {
        complaints.append("\(name) is \(isNew ? "left behind" : "changed")")
      } else if isNew, run.status != 0, content.isFile, !mayRemain(name, run) {
        complaints.append("fails and leaves \(name)")
      }
    }
    return complaints + before.keys.filter { found[$0] == nil }.map { "\($0) is gone" }
  }

  /// What a failure may leave: what was whole before it came.
  private static func mayRemain(_ name: String, _ run: ShellRun) -> Bool {
    ["run_iter_", ".log.", ".INFO", ".train", ".test"].contains { name.contains($0) }
      || ["could not be read; they are named above", "standard output: cannot write"].contains {
        run.errors.contains($0)
      }
  }

  /// What a file is, short.
  private enum Content: Hashable {
    case folder
    case link(String)
    case file(size: Int, hash: Int)
    case other

    var isFile: Bool { if case .file = self { true } else { false } }
  }

  private static func contents(of folder: URL) -> [String: Content] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.map { name in
        let path = folder.path + "/" + name
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        switch attributes?[.type] as? FileAttributeType {
        case .typeDirectory?: return (name, .folder)
        case .typeSymbolicLink?:
          return (name, .link((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""))
        case .typeRegular?:
          let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
          let bytes = size < 1 << 20 ? try? Data(contentsOf: URL(filePath: path)) : nil
          return (name, .file(size: size, hash: bytes?.hashValue ?? 0))
        default: return (name, .other)
        }
      })
  }
}
