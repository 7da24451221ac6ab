import Foundation

/// A run of the command in a folder of its own, to be repeated with one system call failing.
struct Scenario: CustomStringConvertible, Sendable {
  var name: String
  var arguments: [String]
  /// Puts files into the folder.
  var files: @Sendable (URL) throws -> Void = { _ in }
  /// Commands that run in the folder beforehand.
  var preparation: [[String]] = []
  /// The exit codes that tell of an error.
  var failures: Set<Int32> = [1]
  /// Whether the run writes snapshots, from which another one can go on.
  var isTraining = false
  /// Whether what is written must outlive a power cut: bringing each of many pictures to the disk would take too long.
  var isLasting = true

  var description: String { name }
}

/// Runs scenarios with failing calls, and says what was not as it should be.
final class FailingCalls: Sendable {
  private let executable: URL
  private let library: URL
  private let folder: URL
  private let readDatabase: @Sendable (String) throws -> Data

  struct Report {
    var runs = 0
    var findings: [String] = []
    /// What users were told, and after which call.
    var messages: [String: FailingCall] = [:]
  }

  /// - Parameter readDatabase: The records of a database.
  init(executable: URL, library: URL, readDatabase: @escaping @Sendable (String) throws -> Data) throws {
    self.executable = executable
    self.library = library
    self.readDatabase = readDatabase
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "caffe-faults-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Repeats a scenario with the calls that `choose` picks from all that can fail.
  func report(
    on scenario: Scenario, choosing choose: ([(call: String, number: Int)]) -> [FailingCall]
  ) throws -> Report {
    let template = folder.appending(path: scenario.name)
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    try scenario.files(template)
    for arguments in scenario.preparation {
      let run = try run(arguments, in: template, failing: nil)
      guard run.ending == .exit(0) else { throw Failure("\(arguments): \(run.errors)") }
    }
    let whole = folder.appending(path: scenario.name + "-whole")
    try FileManager.default.copyItem(at: template, to: whole)
    let run = try run(scenario.arguments, in: whole, failing: nil)
    guard run.ending == .exit(0) else { throw Failure("\(scenario): \(run.errors)") }
    let trial = Trial(
      scenario: scenario, template: template, before: try contents(of: template), after: try contents(of: whole))

    let calls = choose(Self.calls(in: run.log)).filter { scenario.isLasting || $0.kind != "power" }
    let results = Results(count: calls.count)
    DispatchQueue.concurrentPerform(iterations: calls.count) { index in
      results.set(index, Result { try self.findings(of: trial, failing: calls[index]) })
    }
    var report = Report()
    for (call, result) in zip(calls, results.values) {
      let (findings, message) = try result!.get()
      report.runs += 1
      report.findings += findings.map { "\(scenario): \(call): \($0)" }
      if let message { report.messages[message] = report.messages[message] ?? call }
    }
    return report
  }

  // MARK: One run

  private struct Trial {
    var scenario: Scenario
    var template: URL
    /// The files before and after a run in which nothing fails.
    var before: [String: Data]
    var after: [String: Data]
  }

  private func findings(of trial: Trial, failing call: FailingCall) throws -> (findings: [String], message: String?) {
    let copy = folder.appending(path: UUID().uuidString)
    let lost = URL(filePath: copy.path + ".lost")
    try FileManager.default.copyItem(at: trial.template, to: copy)
    try FileManager.default.createDirectory(at: lost, withIntermediateDirectories: true)
    defer { for url in [copy, lost] { try? FileManager.default.removeItem(at: url) } }
    let run = try run(trial.scenario.arguments, in: copy, failing: call)
    // Threads that read ahead may not come to a call in each run.
    let isEnd = call.kills || call.call.isEmpty
    guard isEnd || run.log.contains(" FIRED\n") else { return ([], nil) }

    var findings: [String] = []
    if call.kills {
      if run.ending != .signal(SIGKILL), run.log.contains(" FIRED\n") { findings.append("ends with \(run.ending)") }
    } else {
      findings += complaints(about: run, trial.scenario, call)
    }
    findings += try complaints(about: contents(of: copy), trial, run, call)
    if call.kills { findings += try complaintsAboutGoingOn(in: copy, trial) }
    let context = findings.isEmpty ? "" : "\n    " + run.message.replacingOccurrences(of: "\n", with: "\n    ")
    return (findings.map { $0 + context }, run.ending == .exit(0) ? run.warnings : run.message)
  }

  /// How a run that met an error must end: with success or with a sentence.
  private func complaints(about run: FailedRun, _ scenario: Scenario, _ call: FailingCall) -> [String] {
    var complaints: [String] = []
    switch run.ending {
    case .exit(0): break
    case .exit(let code) where scenario.failures.contains(code):
      if run.message.isEmpty { complaints.append("ends without a word") }
      if call.isHarmless, !call.isInLibrary { complaints.append("does not go on") }
    default: complaints.append("ends with \(run.ending)")
    }
    for word in Self.raw where run.errors.contains(word) { complaints.append("says \(word)") }
    return complaints
  }

  /// What may lie in the folder: each file as it was, or as it should be in the end; all of them after success.
  private func complaints(
    about found: [String: Data], _ trial: Trial, _ run: FailedRun, _ call: FailingCall
  ) -> [String] {
    var complaints: [String] = []
    let hasEnded = !call.kills
    // Images that cannot be read are told and left out, as in the original.
    let mayDiffer = run.errors.contains("could not be read and are not in the database")
    for (name, bytes) in found where bytes != trial.before[name] && bytes != trial.after[name] {
      if trial.after[name] != nil {
        if mayDiffer, trial.before[name] == nil { continue }
        // After a power cut, a database whose name was not brought to the disk must not be read as if it were whole.
        if !hasEnded, bytes.starts(with: Self.refusal) { continue }
        complaints.append(
          "\(name) is damaged\(bytes.starts(with: Self.refusal) ? ": " + String(decoding: bytes, as: UTF8.self) : "")")
      } else if hasEnded, !(name.contains(".partial") && run.errors.contains(".partial")) {
        complaints.append("\(name) is left behind")
      }
    }
    for name in trial.before.keys where found[name] == nil { complaints.append("\(name) is gone") }
    guard run.ending == .exit(0) else { return complaints }
    for (name, bytes) in trial.after where found[name] != bytes && !mayDiffer {
      let iteration = name.drop { !$0.isNumber }.prefix { $0.isNumber }
      guard !run.errors.contains("The snapshot of iteration \(iteration) was not written") else { continue }
      complaints.append("\(name) is missing after success")
    }
    return complaints
  }

  /// After an end in the middle, the same command, or one that goes on from the last snapshot, makes what was to be made.
  private func complaintsAboutGoingOn(in copy: URL, _ trial: Trial) throws -> [String] {
    var arguments = trial.scenario.arguments
    let names = try FileManager.default.contentsOfDirectory(atPath: copy.path)
    if trial.scenario.isTraining, !arguments.contains("--snapshot") {
      let states = names.filter { $0.contains(".solverstate") && !$0.hasSuffix(".tmp") }.sorted()
      if let state = states.last { arguments += ["--snapshot", state] }
    }
    let run = try run(arguments, in: copy, failing: nil)
    if run.ending == .exit(1), run.message.contains(".partial") || run.message.contains("ile exists") { return [] }
    guard run.ending == .exit(0) else { return ["does not go on afterwards: \(run.message)"] }
    let found = try contents(of: copy)
    return trial.after.filter { found[$0.key] != $0.value }.map { "going on makes another \($0.key)" }
  }

  /// Words that only programmers know.
  private static let raw = [
    "CocoaError", "NSError", "POSIXError", "Foundation", "Fatal error", "HDF5-DIAG", "terminate called", "Optional(",
  ]

  private static let refusal = Data("refused: ".utf8)

  // MARK: Files

  /// The files below a folder; a database is one entry, with its records.
  private func contents(of folder: URL) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    let databases = Set(
      names.filter { $0.hasSuffix("/data.mdb") || $0.hasSuffix("/CURRENT") }.map { $0.prefix { $0 != "/" } })
    for name in names {
      let url = folder.appending(path: name)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      if databases.contains(name.prefix { $0 != "/" }) { continue }
      contents[name] = try Data(contentsOf: url)
    }
    for database in databases {
      let path = folder.appending(path: String(database)).path
      do { contents["\(database)"] = try readDatabase(path) } catch {
        contents["\(database)"] = Self.refusal + Data("\(error)".utf8)
      }
    }
    return contents
  }

  // MARK: Processes

  enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
    case none
  }

  private struct FailedRun {
    var ending: Ending
    var errors: String
    var log: String

    /// What stands behind the log lines.
    var message: String {
      var lines = errors.split(separator: "\n", omittingEmptySubsequences: true)[...]
      if let last = lines.lastIndex(where: Self.isLogLine) { lines = lines[(last + 1)...] }
      return lines.joined(separator: "\n")
    }

    /// Warnings and errors in the log.
    var warnings: String? {
      let lines = errors.split(separator: "\n").filter { Self.isLogLine($0) && !$0.hasPrefix("I") }
      let texts = lines.map { String($0[($0.firstRange(of: "] ")?.upperBound ?? $0.startIndex)...]) }
      return texts.isEmpty ? nil : texts.joined(separator: "\n")
    }

    private static func isLogLine(_ line: Substring) -> Bool {
      line.wholeMatch(of: /[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} .*/) != nil
    }
  }

  private func run(_ arguments: [String], in folder: URL, failing call: FailingCall?) throws -> FailedRun {
    let scratch = self.folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let (errors, log) = (scratch.appending(path: "errors"), scratch.appending(path: "log"))
    for file in [errors, log] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let settings = [
      "LD_PRELOAD": library.path, "FAULT_FOLDER": folder.path, "FAULT_LOG": log.path, "OMP_NUM_THREADS": "1",
      "SWIFT_BACKTRACE": "enable=no",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GLOG_") }
      .merging(settings) { _, new in new }.merging(call?.environment ?? [:]) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, deadline.timeIntervalSinceNow > 0 { Thread.sleep(forTimeInterval: 0.003) }
    let hangs = process.isRunning
    if hangs { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let status = process.terminationStatus
    return try FailedRun(
      ending: hangs ? .none : process.terminationReason == .exit ? .exit(status) : .signal(status),
      errors: String(decoding: Data(contentsOf: errors), as: UTF8.self),
      log: String(decoding: Data(contentsOf: log), as: UTF8.self))
  }

  /// The calls of a log, each with its number among its like.
  private static func calls(in log: String) -> [(call: String, number: Int)] {
    var counts: [String: Int] = [:]
    return log.split(separator: "\n").map { line in
      let call = String(line)
      counts[call, default: 0] += 1
      return (call, counts[call]!)
    }
  }

  private struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Places for results that come from several threads, each to its own place.
  private final class Results: @unchecked Sendable {
    typealias Value = Result<(findings: [String], message: String?), any Error>
    private(set) var values: [Value?]
    private let lock = NSLock()

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ value: Value) { lock.withLock { values[index] = value } }
  }
}

extension FailingCall {
  /// Whether the libraries of LMDB, LevelDB and HDF5 make the call.
  var isInLibrary: Bool { call.contains(".partial") || call.contains(".h5") }
}
