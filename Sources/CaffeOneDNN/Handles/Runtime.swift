internal import COneDNN
internal import CaffeCore
internal import CaffeProto

/// What the operations of one engine share: a stream to run on, scratch memory, and how many threads to use.
final class Runtime {
  let threads: Int
  /// How often values were converted from one layout to another.
  private(set) var reorderCount = 0
  private(set) var scratch = AlignedMemory(byteCount: 0)
  /// Where tensors take their memory from.
  let pool = MemoryPool()
  private var failure: OneDNNError?
  private let stream: OpaquePointer

  init(threads: Int?) {
    self.threads = threads ?? Self.usualThreads
    stream = demand { () throws(OneDNNError) in
      try create("open a stream") {
        dnnl_stream_create(&$0, Device.processor.handle, UInt32(dnnl_stream_default_flags.rawValue))
      }
    }
    useThreads()
  }

  deinit { dnnl_stream_destroy(stream) }

  /// All that OpenMP offers. A process that was forked is one of many more often than not, and takes one thread.
  private static var usualThreads: Int {
    guard Fork.count == 0 else { return 1 }
    return OpenMP.shared?.defaultThreads ?? 1
  }

  /// OpenMP keeps the number of threads for each calling thread; a net may be built on one and run on another.
  func useThreads() { OpenMP.shared?.setThreadCount(CInt(threads)) }

  /// A loop on this engine's threads.
  func parallelFor(_ count: Int, grain: Int = parallelForGrain, _ body: (Range<Int>) -> Void) {
    useThreads()
    CaffeOneDNN.parallelFor(count, grain: grain, body)
  }

  /// Scratch memory is shared, because only one primitive runs at a time.
  func reserveScratch(_ byteCount: Int) {
    if byteCount > scratch.byteCount { scratch = AlignedMemory(byteCount: byteCount) }
  }

  func countReorder() { reorderCount += 1 }

  /// The result of a step; nil if it fails, which the net hears of after the layer (`Engine.takeFailure`).
  func attempt<Result>(_ step: () throws(OneDNNError) -> Result) -> Result? {
    do { return try step() } catch {
      note(error)
      return nil
    }
  }

  /// The result of a step that may be refused, and then is left to others; any other failure is noted.
  func unlessRefused<Result>(_ step: () throws(OneDNNError) -> Result) -> Result? {
    do { return try step() } catch {
      if !error.isRefusal { note(error) }
      return nil
    }
  }

  /// The first failure counts: others may follow from it.
  private func note(_ error: OneDNNError) {
    if failure == nil { failure = error }
  }

  func takeFailure() -> OneDNNError? {
    defer { failure = nil }
    return failure
  }

  /// Has oneDNN compute on this engine's threads.
  func compute(_ step: () throws(OneDNNError) -> Void) {
    Deputy.run {
      useThreads()
      _ = attempt(step)
    }
  }

  func execute(_ primitive: OpaquePointer, _ arguments: [dnnl_exec_arg_t]) {
    compute { () throws(OneDNNError) in
      try check("run a primitive", dnnl_primitive_execute(primitive, stream, CInt(arguments.count), arguments))
      try check("wait for a primitive", dnnl_stream_wait(stream))
    }
  }
}
