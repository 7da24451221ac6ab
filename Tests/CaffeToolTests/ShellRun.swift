import Foundation

/// A script of bash that has ended, or was ended because it took too long.
struct ShellRun {
  /// The exit code; nil for a signal.
  let status: Int32?
  let signal: Int32?
  let hangs: Bool
  let output: String
  let errors: String

  /// Runs a script, in which `$caffe` is the executable, with its outputs in files beside the folder.
  init(_ script: String, in folder: URL, caffe: URL, seconds: Double = 60) throws {
    let files = try ["output", "errors"].map { name in
      let url = URL(filePath: "\(folder.path).\(name)")
      try Data().write(to: url)
      return url
    }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GLOG_") }
      .merging(["caffe": caffe.path]) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    let deadline = Date(timeIntervalSinceNow: seconds)
    while process.isRunning, deadline.timeIntervalSinceNow > 0 { Thread.sleep(forTimeInterval: 0.003) }
    hangs = process.isRunning
    if hangs { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let isExit = process.terminationReason == .exit
    status = isExit ? process.terminationStatus : nil
    signal = isExit ? nil : process.terminationStatus
    output = try String(decoding: Data(contentsOf: files[0]), as: UTF8.self)
    errors = try String(decoding: Data(contentsOf: files[1]), as: UTF8.self)
  }
}
