public import Logging
internal import Synchronization

/// Keeps what nets and solvers log, to be looked at afterwards:
///
///     let log = KeptLog()
///     let net = try Net(definition, phase: .test, in: NetEnvironment(registry: .standard, logger: log.logger))
///     log.lines.contains("Setting up ip1")
///
/// Lines may come from several threads: data layers read ahead on one of their own.
public final class KeptLog: Sendable {
  private let kept = Mutex<[String]>([])

  public init() {}

  /// The messages so far, in the order in which they came.
  public var lines: [String] { kept.withLock { $0 } }

  /// A logger that keeps what is logged at the level of information and above.
  public var logger: Logger { Logger(label: "kept") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: KeptLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.kept.withLock { $0.append("\(event.message)") } }
  }
}
