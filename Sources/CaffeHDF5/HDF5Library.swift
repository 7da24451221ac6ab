internal import CHDF5

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The HDF5 library, which may be built without thread safety: every call into it happens under one lock.
enum HDF5Library {
  /// A recursive mutex, as releasing a handle may happen inside another call.
  private final class Lock: @unchecked Sendable {
    // Safe to share: the mutex is initialised when there is one thread that knows it, and from then on only touched by
    // the pthread functions.
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { initialize() }

    func initialize() {
      var attributes = pthread_mutexattr_t()
      pthread_mutexattr_init(&attributes)
      pthread_mutexattr_settype(&attributes, CInt(PTHREAD_MUTEX_RECURSIVE))
      pthread_mutex_init(mutex, &attributes)
      pthread_mutexattr_destroy(&attributes)
    }
  }

  private static let lock: Lock = {
    let lock = Lock()
    // A file that could not be written cannot be closed either; trying so again at the end would end in a crash.
    H5dont_atexit()
    H5open()
    // A process forks while no other thread is in the library: that thread would not be in the new process to finish
    // its work and give the lock back. The new process gets a new lock: the old one belongs to a thread of the old one.
    pthread_atfork(
      { pthread_mutex_lock(HDF5Library.lock.mutex) }, { pthread_mutex_unlock(HDF5Library.lock.mutex) },
      { HDF5Library.lock.initialize() })
    return lock
  }()

  /// Runs `body` while no other thread is in the library.
  static func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(lock.mutex)
    defer { pthread_mutex_unlock(lock.mutex) }
    // A thread-safe build keeps this for each thread, so it is not enough to say it once.
    caffe_h5_silence()
    return try body()
  }

  /// The texts on the library's error stack. Call it under the lock, right after the failure.
  fileprivate static func errorText() -> String {
    var texts: [String] = []
    withUnsafeMutablePointer(to: &texts) { pointer in
      caffe_h5_walk_errors(
        { _, entry, context in
          guard let text = entry?.pointee.desc, let texts = context?.assumingMemoryBound(to: [String].self) else {
            return 0
          }
          let line = String(cString: text)
          if !texts.pointee.contains(line) { texts.pointee.append(line) }
          return 0
        }, pointer)
    }
    // What the system says is worth more than the way on which it came up here.
    for text in texts where !texts.contains(where: { $0.contains("unable to lock") }) {
      guard let start = text.firstRange(of: "error message = '") else { continue }
      return String(text[start.upperBound...].prefix { $0 != "'" })
    }
    return texts.isEmpty ? "the HDF5 library gave no reason" : texts.joined(separator: ": ")
  }
}

/// The one way into the library: runs `call` under the lock and turns a negative status into an error.
@discardableResult
func hdf5<Status: SignedInteger>(
  _ operation: @autoclosure () -> String, in file: String, _ call: () -> Status
) throws(HDF5Error) -> Status {
  try HDF5Library.locked { () throws(HDF5Error) in
    let status = call()
    if status >= 0 { return status }
    throw HDF5Error(file: file, operation: operation(), reason: HDF5Library.errorText())
  }
}

/// Owns one identifier of the library and, through `parent`, whatever that one lives in.
final class HDF5Handle {
  let id: hid_t
  private let parent: HDF5Handle?
  private var isOpen = true
  private let release: @convention(c) (hid_t) -> herr_t

  /// Keeps what `open` returns, or throws if that is negative.
  init(
    _ operation: @autoclosure () -> String, in file: String, parent: HDF5Handle? = nil,
    release: @escaping @convention(c) (hid_t) -> herr_t, open: () -> hid_t
  ) throws(HDF5Error) {
    id = try hdf5(operation(), in: file, open)
    self.parent = parent
    self.release = release
  }

  /// Releases the identifier now, which may fail where files are written.
  func close(_ operation: @autoclosure () -> String, in file: String) throws(HDF5Error) {
    guard isOpen else { return }
    isOpen = false
    try hdf5(operation(), in: file) { release(id) }
  }

  deinit {
    if isOpen { _ = HDF5Library.locked { release(id) } }
  }
}
