import Foundation
import Testing

/// A run of the built executable that may still be going on.
final class RunningTool {
  private let scratch: Scratch
  private let process = Process()

  /// Starts `caffe`, or the same executable under another name; its standard error may be another open file, and its standard input
  /// a pipe with a short text.
  init(
    _ arguments: [String], as name: String? = nil, in directory: URL? = nil, environment: [String: String] = [:],
    input: String? = nil, standardError: FileHandle? = nil
  ) throws {
    scratch = try Scratch()
    var executable = try Self.executable()
    if let name {
      let link = scratch.url.appending(path: name)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: executable)
      executable = link
    }
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory ?? scratch.url
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("GLOG_") }.merging(environment) { _, new in new }
    if let input {
      // The pipe's own memory holds it.
      let pipe = Pipe()
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
      process.standardInput = pipe
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    // Files instead of pipes: a full pipe would stop the program.
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: scratch.write("", to: "out")))
    process.standardError = try standardError ?? FileHandle(forWritingTo: URL(filePath: scratch.write("", to: "err")))
    try process.run()
  }

  deinit {
    // SIGKILL, because signals may be blocked in a child of a test's thread.
    if process.isRunning { send(SIGKILL) }
  }

  /// Waits until the log has the text; false when the program ended without it, or after a minute.
  func waits(for text: String) throws -> Bool {
    for _ in 0..<6000 {
      let isRunning = process.isRunning
      if try written("err").contains(text) { return true }
      guard isRunning else { return false }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for the end.
  func finished() throws -> Run {
    process.waitUntilExit()
    return try Run(
      status: process.terminationStatus, output: written("out"),
      errors: FileManager.default.fileExists(atPath: scratch.url.path + "/err") ? written("err") : "")
  }

  private func written(_ file: String) throws -> String {
    try String(decoding: Data(contentsOf: scratch.url.appending(path: file)), as: UTF8.self)
  }

  /// The executable lies beside the test bundle.
  static func executable() throws -> URL {
    let main = [Bundle.main.bundleURL, Bundle.main.executableURL].compactMap(\.self)
    let beside = (Bundle.allBundles.map(\.bundleURL) + main).flatMap { [$0, $0.deletingLastPathComponent()] }
    let build = ["release", "debug"].map { packageFolder.appending(path: ".build/\($0)") }
    let candidates = (beside + build).map { $0.appending(path: "caffe") }
    return try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
      "caffe is not built: swift build --product caffe")
  }

  static let packageFolder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}

/// A finished run of the built executable.
struct Run {
  let status: Int32
  let output: String
  let errors: String

  fileprivate init(status: Int32, output: String, errors: String) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  /// Runs `caffe`, or the same executable under another name, and waits for its end.
  init(
    _ arguments: [String], as name: String? = nil, in directory: URL? = nil, environment: [String: String] = [:],
    input: String? = nil
  ) throws {
    self = try RunningTool(arguments, as: name, in: directory, environment: environment, input: input).finished()
  }

  /// Runs the executable with the arguments one by one.
  init(
    _ arguments: String..., as name: String? = nil, in directory: URL? = nil, environment: [String: String] = [:]
  ) throws {
    try self.init(arguments, as: name, in: directory, environment: environment)
  }

  /// The lines of the log without their prefixes, as recorded logs have them.
  var messages: [String] {
    errors.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let prefix = line.prefixMatch(of: Self.prefix) else { return String(line) }
      return String(line[prefix.range.upperBound...])
    }
  }

  /// The start of a log line as glog prints it.
  nonisolated(unsafe) static let prefix =
    #/(?<severity>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ (?<file>[^ :]+):\d+\] /#
}

/// A folder that goes away with this value.
final class Scratch {
  let url: URL

  /// Makes an empty folder, or a copy of the folder of fixtures.
  init(withFixtures: Bool = false) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString)")
    if withFixtures {
      try FileManager.default.copyItem(at: RunningTool.packageFolder.appending(path: "Tests/Fixtures/tool"), to: url)
    } else {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a text file and returns its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try write(Data(text.utf8), to: name)
  }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: Data, to name: String) throws -> String {
    let file = url.appending(path: name)
    try bytes.write(to: file)
    return file.path
  }

  /// Writes a copy of a text file with a part of it replaced.
  func write(_ original: String, replacing part: String, by other: String, to name: String) throws {
    let text = try String(contentsOf: url.appending(path: original), encoding: .utf8)
    try #require(text.contains(part))
    try write(text.replacingOccurrences(of: part, with: other), to: name)
  }
}
