import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Prints log messages as glog does, the form that log parsers read.
///
///     I1122 20:24:01.123456 4242 Solver.swift:218] Iteration 100, lr = 0.01
///
/// That is severity, month and day, local time, thread, source file and line. Only the first line of a longer message
/// has the prefix, and metadata follow the message as `name=value`.
package struct GlogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let output: LogOutput

  package init(output: LogOutput, level: Logger.Level = .info) {
    self.output = output
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let severity = GlogSeverity(event.level)
    var line = Self.prefix(
      severity, at: LocalTime(), thread: Self.threadID(), file: event.file, line: event.line)
    line += "\(event.message)"
    if let error = event.error { line += ": \(error)" }
    let details = metadata.merging(event.metadata ?? [:]) { _, own in own }
    for (name, value) in details.sorted(by: { $0.key < $1.key }) { line += " \(name)=\(value)" }
    output.write(line, severity: severity)
  }

  /// The part of a line before the message.
  package static func prefix(
    _ severity: GlogSeverity, at time: LocalTime, thread: UInt64, file: String, line: UInt
  ) -> String {
    let name = file.split(separator: "/").last ?? ""
    return "\(severity.letter)\(time.monthAndDay) \(time.clock).\(time.microseconds) \(thread) \(name):\(line)] "
  }

  /// The kernel's number of the calling thread, which debuggers and `top -H` show too.
  package static func threadID() -> UInt64 {
    #if canImport(Darwin)
      var id: UInt64 = 0
      pthread_threadid_np(nil, &id)
      return id
    #else
      // The link reads "<process>/task/<thread>".
      var target = [CChar](repeating: 0, count: 64)
      let length = readlink("/proc/thread-self", &target, target.count)
      let digits = target.prefix(max(0, length)).reversed().prefix { $0 != CChar(UInt8(ascii: "/")) }.reversed()
      return UInt64(String(decoding: digits.map(UInt8.init(bitPattern:)), as: UTF8.self)) ?? UInt64(getpid())
    #endif
  }
}

/// The four severities of glog, which its flags name by number.
package enum GlogSeverity: Int, Comparable, Sendable {
  case info, warning, error, fatal

  package init(_ level: Logger.Level) {
    switch level {
    case .trace, .debug, .info, .notice: self = .info
    case .warning: self = .warning
    case .error: self = .error
    case .critical: self = .fatal
    }
  }

  package var letter: Character {
    switch self {
    case .info: "I"
    case .warning: "W"
    case .error: "E"
    case .fatal: "F"
    }
  }

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
