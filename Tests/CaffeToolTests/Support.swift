import Foundation
import Testing

/// A finished run of the built executable.
struct Run {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `caffe`, or the same executable under another name, and waits for its end.
  init(
    _ arguments: String..., as name: String? = nil, in directory: URL? = nil, environment: [String: String] = [:]
  ) throws {
    try self.init(arguments, as: name, in: directory, environment: environment)
  }

  /// Runs the executable with a list of arguments.
  init(
    _ arguments: [String], as name: String? = nil, in directory: URL? = nil, environment: [String: String] = [:]
  ) throws {
    let scratch = try Scratch()
    var executable = try Self.executable()
    if let name {
      let link = scratch.url.appending(path: name)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: executable)
      executable = link
    }
    // Files instead of pipes: a full pipe would stop the program.
    let files = try ["out", "err"].map { file in
      let url = scratch.url.appending(path: file)
      try Data().write(to: url)
      return (url, try FileHandle(forWritingTo: url))
    }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory ?? scratch.url
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("GLOG_") }.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = files[0].1
    process.standardError = files[1].1
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(decoding: Data(contentsOf: files[0].0), as: UTF8.self)
    errors = try String(decoding: Data(contentsOf: files[1].0), as: UTF8.self)
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

  /// The executable lies beside the test bundle.
  private static func executable() throws -> URL {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let besideTests =
      Bundle.allBundles.map(\.bundleURL) + [Bundle.main.bundleURL, Bundle.main.executableURL].compactMap(\.self)
    let folders =
      besideTests.flatMap { [$0, $0.deletingLastPathComponent()] }
      + ["release", "debug"].map { root.appending(path: ".build/\($0)") }
    let candidates = folders.map { $0.appending(path: "caffe") }
    return try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) && !$0.hasDirectoryPath },
      "caffe is not built: swift build --product caffe")
  }
}

/// A folder that goes away with this value.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a text file and returns its path.
  func write(_ text: String, to name: String) throws -> String {
    let file = url.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path
  }
}
