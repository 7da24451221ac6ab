import ArgumentParser
import Caffe
import FoundationEssentials
import Logging

/// What the three upgrade tools have in common: a file of any age goes in, one in the newest format comes out.
///
/// The exit status is 0, or 1 for a file that could only be upgraded with problems (or a wrong command line), or 2 for one that
/// cannot be read. A file that is up to date is written all the same.
protocol UpgradeCommand: ToolCommand {
  var input: String { get }

  /// Reads and upgrades the input, and returns what there is to tell and how to write the result.
  func upgrade() throws -> (notices: [UpgradeNotice], write: () throws -> Void)
}

extension UpgradeCommand {
  static var usageStatus: CInt { 1 }

  func run(in session: Session) throws {
    let result: (notices: [UpgradeNotice], write: () throws -> Void)
    do { result = try upgrade() } catch {
      session.output.writeFailure("\(error)")
      throw ExitCode(2)
    }
    for notice in result.notices {
      switch notice.severity {
      case .info: session.log.info("\(notice)")
      case .warning: session.log.warning("\(notice)")
      case .error: session.log.error("\(notice)")
      }
    }
    if result.notices.isEmpty { session.log.error("File already in latest proto format: \(input)") }
    try result.write()
    guard !result.notices.contains(where: { $0.severity == .error }) else {
      session.log.error("Encountered error(s) while upgrading prototxt; see details above.")
      throw ExitCode(1)
    }
  }

  func write(_ text: String, to path: String) throws {
    try AtomicFile.write(text.utf8, to: path)
  }
}
