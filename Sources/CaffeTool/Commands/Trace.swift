import FoundationEssentials

/// A record of what ran when, in the trace event format that `chrome://tracing` and Perfetto show.
struct Trace {
  private struct File: Encodable {
    let traceEvents: [Event]
    let displayTimeUnit = "ms"
  }

  /// A complete event: something that has a start and a duration, in microseconds.
  private struct Event: Encodable {
    let name: String
    let cat: String
    let ph = "X"
    let ts: Double
    let dur: Double
    let pid = 1
    let tid = 1
    let args: [String: String]
  }

  private var events: [Event] = []
  private let origin = ContinuousClock.now

  /// Adds something that ran; what ran within it comes after it or before it, as it likes.
  mutating func add(
    _ name: String, category: String, from start: ContinuousClock.Instant, for duration: Duration,
    details: [String: String] = [:]
  ) {
    events.append(
      Event(
        name: name, cat: category, ts: (start - origin) / .microseconds(1), dur: duration / .microseconds(1),
        args: details))
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(File(traceEvents: events))
  }
}
