import Logging

/// A logger that keeps its lines.
final class RecordingLog {
  private(set) var lines: [String] = []

  var logger: Logger {
    Logger(label: "test") { _ in Handler { self.lines.append($0) } }
  }

  private struct Handler: LogHandler, @unchecked Sendable {
    // Safe: a test and its net run on one thread.
    var record: (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(record: @escaping (String) -> Void) { self.record = record }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { record("\(event.message)") }
  }
}
