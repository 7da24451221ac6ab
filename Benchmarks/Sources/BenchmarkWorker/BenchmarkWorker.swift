import ArgumentParser
import Logging

/// Runs one net for the benchmarks: loads it once and then obeys what comes line by line on its input.
@main
struct BenchmarkWorker: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark-worker", abstract: "our side of the benchmarks; Benchmarks/run starts it",
    subcommands: [Infer.self, Train.self, Limits.self])
}

extension Logger {
  /// What nets say about themselves is not of interest here, only what is wrong.
  static var quiet: Logger {
    var logger = Logger(label: "benchmark")
    logger.logLevel = .error
    return logger
  }
}
