import Logging

/// What is logged and where: glog's settings, from `GLOG_…` variables and then from flags.
package struct LogSettings: Hashable, Sendable {
  /// Lines below this severity are dropped everywhere.
  package var minimumSeverity = 0
  /// Lines below this severity do not reach standard error, unless `logToStandardError` is set.
  package var threshold = 0
  /// All lines go to standard error, and none to a file.
  package var logToStandardError = false
  /// All lines go to standard error, whatever the threshold.
  package var alsoLogToStandardError = false
  /// The folder for log files; without one there is no file.
  package var directory: String?
  /// How much detail to log: 0 none, 1 debug, 2 or more trace.
  package var verbosity = 0

  package init() {}

  /// Reads `GLOG_minloglevel`, `GLOG_stderrthreshold`, `GLOG_logtostderr`, `GLOG_alsologtostderr`, `GLOG_log_dir`, `GLOG_v`.
  package init(environment: [String: String]) {
    func number(_ name: String) -> Int { environment["GLOG_" + name].flatMap { Int($0) } ?? 0 }
    func truth(_ name: String) -> Bool { environment["GLOG_" + name].flatMap(truthValue) ?? false }
    minimumSeverity = number("minloglevel")
    threshold = number("stderrthreshold")
    logToStandardError = truth("logtostderr")
    alsoLogToStandardError = truth("alsologtostderr")
    directory = environment["GLOG_log_dir"].flatMap { $0.isEmpty ? nil : $0 }
    verbosity = number("v")
  }

  /// The lowest severity for standard error.
  package var standardErrorThreshold: Int { logToStandardError || alsoLogToStandardError ? 0 : threshold }
  /// The folder to write a file in, if a file is to be written.
  package var fileDirectory: String? { logToStandardError ? nil : directory }
  /// The lowest level of swift-log to let through.
  package var level: Logger.Level { verbosity <= 0 ? .info : verbosity == 1 ? .debug : .trace }
}

/// A boolean in any of gflags' spellings.
package func truthValue(_ text: String) -> Bool? {
  switch text.lowercased() {
  case "true", "t", "yes", "y", "1": true
  case "false", "f", "no", "n", "0": false
  default: nil
  }
}
