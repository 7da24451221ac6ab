internal import CaffeProto
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where log lines go: standard error, and a file if one was asked for.
///
/// Every line leaves in one `write`, so that lines of several threads or processes never mix. A progress line at the
/// bottom of the terminal is wiped before a log line and drawn again after it.
package final class LogOutput: Sendable {
  private let terminal: CInt
  private let file: CInt?
  private let settings: LogSettings
  private let progress = Mutex("")
  private let forks = Fork.count

  /// Writes to standard error, or to another open file in its place, and to a new file in the settings' directory.
  package init(_ settings: LogSettings, program: String, standardError: CInt = STDERR_FILENO) throws(LogError) {
    self.settings = settings
    terminal = standardError
    file = try settings.fileDirectory.map { directory throws(LogError) in
      try Self.createFile(in: directory, program: program)
    }
  }

  deinit {
    if let file { close(file) }
  }

  /// Writes a message that has its prefix already, to the places that take its severity.
  package func write(_ line: String, severity: GlogSeverity) {
    guard severity.rawValue >= settings.minimumSeverity else { return }
    // A message that ends its last line itself, as the text of a net does, gets no empty line.
    let bytes = Array((line.hasSuffix("\n") ? line : line + "\n").utf8)
    if severity.rawValue >= settings.standardErrorThreshold { writeToTerminal(bytes) }
    if let file { Self.writeAll(bytes, to: file) }
  }

  /// Writes a plain message to standard error whatever the severities, and to the file as a fatal line.
  package func writeFailure(_ message: String, file source: String = #fileID, line: UInt = #line) {
    writeToTerminal(Array(message.utf8) + [UInt8(ascii: "\n")])
    guard let file else { return }
    let prefix = GlogHandler.prefix(
      .fatal, at: LocalTime(), thread: GlogHandler.threadID(), file: source, line: line)
    Self.writeAll(Array((prefix + message + "\n").utf8), to: file)
  }

  /// Draws the text in place of the last progress line; an empty text wipes it.
  package func showProgress(_ text: String) {
    withProgress { shown in
      guard shown != text else { return }
      shown = text
      Self.writeAll(Array((Self.wipe + text).utf8), to: terminal)
    }
  }

  private func writeToTerminal(_ bytes: [UInt8]) {
    withProgress { shown in
      _ = Self.writeAll(shown.isEmpty ? bytes : Array(Self.wipe.utf8) + bytes + Array(shown.utf8), to: terminal)
    }
  }

  /// Does something with the progress line while no other thread writes to the terminal.
  private func withProgress(_ work: (inout String) -> Void) {
    if Fork.count == forks { return progress.withLock { work(&$0) } }
    // Another thread may have held the lock when the process forked. It is not in the new process to give the lock back.
    var nothing = ""
    work(&nothing)
  }

  /// Back to the first column, and clear to the end of the line.
  private static let wipe = "\r\u{1B}[K"

  /// Writes all bytes, in one call unless the system takes only a part; says whether it took them all. For a log that is no reason
  /// to stop.
  @discardableResult
  package static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      #if canImport(Glibc)
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      #else
        let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
      #endif
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// Makes `<program>.<host>.<user>.log.INFO.<date>-<time>.<process>` with glog's header, and the link
  /// `<program>.INFO` to it.
  private static func createFile(in directory: String, program: String) throws(LogError) -> CInt {
    let time = LocalTime()
    let user = getenv("USER") ?? getenv("LOGNAME")
    let userName = user.map { String(cString: $0) } ?? "unknown-user"
    let name =
      "\(program).\(hostName()).\(userName).log.INFO."
      + "\(time.year)\(time.monthAndDay)-\(time.clock(separator: "")).\(getpid())"
    let descriptor = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o664)
    guard descriptor >= 0 else {
      throw LogError(
        "Could not create a log file in \(directory): \(String(cString: strerror(errno))). "
          + "Make sure that -log_dir names a folder that exists and is writable.")
    }
    let header = """
      Log file created at: \(time.year)/\(time.month)/\(time.day) \(time.clock)
      Running on machine: \(hostName())
      Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg

      """
    writeAll(Array(header.utf8), to: descriptor)
    // The link is a convenience: a folder without links, or another program's file of that name, is no obstacle.
    let link = "\(directory)/\(program).INFO"
    unlink(link)
    symlink(name, link)
    return descriptor
  }

  private static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown-host" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// Why a log file could not be written or read, in a sentence for the user.
package struct LogError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
