#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is read piece by piece, by `pread`: cutting it short meanwhile gives an error, where mapped memory would end the
/// process.
final class ReadableFile {
  let byteCount: Int
  private let descriptor: CInt

  /// Opens a regular file; nil for a pipe and the like, and for what cannot be opened.
  init?(_ path: String) {
    var status = stat()
    // Opening a pipe would wait for its other end, and closing it would break it.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    byteCount = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : -1
    guard byteCount >= 0 else { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills memory with the bytes from a place on.
  func read(from start: Int, into target: UnsafeMutableRawBufferPointer) throws(FileFailure) {
    var done = 0
    while done < target.count {
      let count = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(start + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw .unreadable(count < 0 ? String(cString: strerror(errno)) : "it became shorter while it was read")
      }
      done += count
    }
  }

  func bytes(_ range: Range<Int>) throws(FileFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var failure: FileFailure?
    bytes.withUnsafeMutableBytes { target in
      do throws(FileFailure) { try read(from: range.lowerBound, into: target) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  // MARK: Single bytes

  /// The last stretch of the file that a single byte was asked from.
  private var window: [UInt8] = []
  private var windowStart = 0
  /// Whether a single byte could not be read, and was given as 0.
  private(set) var hasFailed = false

  private static let windowSize = 4096

  fileprivate func byte(at position: Int) -> UInt8 {
    if position < windowStart || position - windowStart >= window.count {
      do {
        window = try bytes(position..<min(position + Self.windowSize, byteCount))
        windowStart = position
      } catch {
        hasFailed = true
        return 0
      }
    }
    return window[position - windowStart]
  }
}

/// The bytes of a file, or some of them, as a collection.
struct FileBytes: RandomAccessCollection {
  let file: ReadableFile
  let startIndex: Int
  let endIndex: Int

  init(of file: ReadableFile) { self.init(file, 0..<file.byteCount) }

  private init(_ file: ReadableFile, _ range: Range<Int>) {
    self.file = file
    (startIndex, endIndex) = (range.lowerBound, range.upperBound)
  }

  subscript(position: Int) -> UInt8 { file.byte(at: position) }
  subscript(bounds: Range<Int>) -> FileBytes { FileBytes(file, bounds) }
  var range: Range<Int> { startIndex..<endIndex }
}
