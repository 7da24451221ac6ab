import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long threads of GNU OpenMP spin while they wait, before they sleep.
///
/// The default is milliseconds. Beside other busy processes, threads that spin take the processors from the very threads that they
/// wait for: training then takes up to ten times as long. When all is quiet, waits are shorter than our limit.
enum Spinning {
  /// About half a millisecond. `python/caffe/_library.py` has the same number.
  private static let limit = "30000"

  /// Starts the program again with the limit in its environment, as the library reads that before any code of ours runs. A limit or
  /// a policy that somebody has set stays.
  static func restrict() {
    #if os(Linux)
      guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
      setenv("GOMP_SPINCOUNT", limit, 1)
      // By its path, so that the process keeps its name. Where there is no such path, the program goes on as it is.
      guard let program = realpath("/proc/self/exe", nil) else { return }
      execv(program, CommandLine.unsafeArgv)
      free(program)
    #endif
  }
}
