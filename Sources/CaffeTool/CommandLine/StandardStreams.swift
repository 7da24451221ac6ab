import CaffeLog

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Standard input, output and error, as whoever started the program left them.
enum StandardStreams {
  /// Takes the numbers of streams that are closed, or the next file that is opened would have one of them, and log lines would
  /// land in it.
  ///
  /// Each is opened the wrong way round, so that reading or writing it still fails.
  static func occupyClosed() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}

/// Writes lines to standard output, at once.
///
/// - Throws: `ToolError` when they do not get there: a full disk must not pass for success.
func printLines(_ lines: String...) throws(ToolError) { try printLines(lines) }

func printLines(_ lines: [String]) throws(ToolError) {
  let text = lines.map { $0 + "\n" }.joined()
  guard LogOutput.writeAll(Array(text.utf8), to: STDOUT_FILENO) else {
    throw ToolError("standard output: cannot write to it: \(String(cString: strerror(errno)))")
  }
}
