import ArgumentParser
import CaffeLog

/// The log flags that every command has.
package struct LogOptions: ParsableArguments {
  @Option(name: .customLong("minloglevel"), help: "Drop lines below: 0 info, 1 warning, 2 error, 3 fatal.")
  var minimumSeverity: Int?

  @Option(name: .customLong("stderrthreshold"), help: "Keep lines below this severity off standard error.")
  var threshold: Int?

  @Flag(name: .customLong("logtostderr"), inversion: .prefixedNo, help: "Log to standard error only, not to files.")
  var logToStandardError: Bool?

  @Flag(
    name: .customLong("alsologtostderr"), inversion: .prefixedNo,
    help: "Log to standard error as well, whatever -stderrthreshold.")
  var alsoLogToStandardError: Bool?

  @Option(name: .customLong("log_dir"), help: "Log to a file in this folder as well.")
  var directory: String?

  @Option(name: .customLong("v"), help: "Detail: 0 none, 1 debug, 2 trace.")
  var verbosity: Int?

  package init() {}

  /// The given settings, with every flag that was written in place of them.
  package func applied(to settings: LogSettings) -> LogSettings {
    var settings = settings
    settings.minimumSeverity = minimumSeverity ?? settings.minimumSeverity
    settings.threshold = threshold ?? settings.threshold
    settings.logToStandardError = logToStandardError ?? settings.logToStandardError
    settings.alsoLogToStandardError = alsoLogToStandardError ?? settings.alsoLogToStandardError
    settings.directory = directory.map { $0.isEmpty ? nil : $0 } ?? settings.directory
    settings.verbosity = verbosity ?? settings.verbosity
    return settings
  }
}
