#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The thread pool that oneDNN computes on, if it is GNU OpenMP's.
///
/// Its threads spin for a while after each parallel region, so loops of our own run on the same pool rather than on more
/// threads. The functions are looked up in the process: oneDNN has loaded them already, and builds of oneDNN without OpenMP
/// are no obstacle.
struct OpenMP: Sendable {
  typealias Body = @convention(c) (UnsafeMutableRawPointer?) -> Void

  static let shared = OpenMP()

  /// How many threads there were before anybody set a number: all processors, or `OMP_NUM_THREADS`.
  let defaultThreads: Int
  let setThreadCount: @convention(c) (CInt) -> Void
  let maximumThreads: @convention(c) () -> CInt
  let threadIndex: @convention(c) () -> CInt
  let threadCount: @convention(c) () -> CInt
  /// Runs the body on every thread of the pool; 0 threads stands for as many as are set.
  let parallel: @convention(c) (Body, UnsafeMutableRawPointer?, CUnsignedInt, CUnsignedInt) -> Void

  private init?() {
    guard let setThreadCount = dlsym(nil, "omp_set_num_threads"), let maximum = dlsym(nil, "omp_get_max_threads"),
      let index = dlsym(nil, "omp_get_thread_num"), let count = dlsym(nil, "omp_get_num_threads"),
      let parallel = dlsym(nil, "GOMP_parallel")
    else { return nil }
    self.setThreadCount = unsafeBitCast(setThreadCount, to: (@convention(c) (CInt) -> Void).self)
    maximumThreads = unsafeBitCast(maximum, to: (@convention(c) () -> CInt).self)
    defaultThreads = Int(maximumThreads())
    threadIndex = unsafeBitCast(index, to: (@convention(c) () -> CInt).self)
    threadCount = unsafeBitCast(count, to: (@convention(c) () -> CInt).self)
    self.parallel = unsafeBitCast(
      parallel, to: (@convention(c) (Body, UnsafeMutableRawPointer?, CUnsignedInt, CUnsignedInt) -> Void).self)
  }
}

/// Fewer simple steps than this are done before other threads have woken up.
public let parallelForGrain = 32768

/// Splits `0 ..< count` into one range for each thread of oneDNN's pool and runs the body on all of them at once.
///
/// The body must be safe to run on several threads: each call may write only what belongs to its range. Ranges begin at
/// multiples of `grain`; when `count` is no more than one grain, the body runs here and now.
public func parallelFor(_ count: Int, grain: Int = parallelForGrain, _ body: (Range<Int>) -> Void) {
  let grains = (count + grain - 1) / max(grain, 1)
  guard grains > 1, let pool = OpenMP.shared, pool.maximumThreads() > 1 else { return body(0..<count) }
  withoutActuallyEscaping(body) { body in
    let threads = CUnsignedInt(pool.maximumThreads())
    var loop = ParallelLoop(count: count, grain: grain, grains: grains, body: body)
    withUnsafeMutablePointer(to: &loop) { loop in
      Deputy.run {
        pool.parallel({ $0!.assumingMemoryBound(to: ParallelLoop.self).pointee.runShare() }, loop, threads, 0)
      }
    }
  }
}

private struct ParallelLoop {
  let count: Int
  let grain: Int
  let grains: Int
  let body: (Range<Int>) -> Void

  /// The share of the thread that calls.
  func runShare() {
    guard let pool = OpenMP.shared else { return }
    let threads = Int(pool.threadCount())
    let index = Int(pool.threadIndex())
    let start = min(grains * index / threads * grain, count)
    let end = min(grains * (index + 1) / threads * grain, count)
    if start < end { body(start..<end) }
  }
}
