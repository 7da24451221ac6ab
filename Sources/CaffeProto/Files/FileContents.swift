import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why a file gave no bytes, in words that fit behind its path and a colon.
package enum FileFailure: Error, Hashable, CustomStringConvertible {
  case notFound
  case unreadable(String)

  package var description: String {
    switch self {
    case .notFound: "No such file or directory"
    case .unreadable(let reason): reason
    }
  }

  /// What `errno` says after a call that failed.
  init(errno code: CInt) {
    self =
      switch code {
      case ENOENT: .notFound
      case EISDIR: .unreadable("it is a directory")
      case EACCES, EPERM: .unreadable("no permission")
      default: .unreadable(String(cString: strerror(code)))
      }
  }
}

/// The bytes of a file, or of a pipe up to its end. Nothing is mapped: cutting a mapped file short ends the process that reads it.
///
/// - Parameter limit: How many bytes there may be. More than these are never in memory.
package func fileContents(_ path: String, limit: Int = .max) throws(FileFailure) -> Data {
  try FileStream(Array(path.utf8)).readToEnd(limit: limit)
}

/// The bytes of a file whose path need not be UTF-8.
package func fileContents(bytesOfPath path: [UInt8], limit: Int = .max) throws(FileFailure) -> Data {
  try FileStream(path).readToEnd(limit: limit)
}

/// Whether something can be read there only once and from its beginning on, such as a pipe or a terminal. A look at its first
/// bytes would take them away from whoever reads it next; opening and closing it would end the program that writes into it.
package func isStream(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
}

/// An open file that is read once, from start to end.
final class FileStream {
  /// How many bytes a regular file has; 0 for a pipe and the like.
  let size: Int
  /// Whether it is a device that may give bytes without an end, such as /dev/zero.
  private let isDevice: Bool
  private let descriptor: CInt

  /// How many bytes a device may give.
  private static let deviceLimit = 1 << 20

  init(_ path: [UInt8]) throws(FileFailure) {
    // What lies behind a zero would be lost in C.
    guard !path.contains(0) else { throw .notFound }
    let name = path.map(CChar.init(bitPattern:)) + [0]
    var number: CInt
    repeat { number = open(name, O_RDONLY | O_CLOEXEC) } while number < 0 && errno == EINTR
    guard number >= 0 else { throw FileFailure(errno: errno) }
    descriptor = number
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    size = isKnown && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    isDevice = isKnown && status.st_mode & S_IFMT == S_IFCHR && isatty(descriptor) == 0
    if isKnown, status.st_mode & S_IFMT == S_IFDIR { throw FileFailure(errno: EISDIR) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// All bytes that are still to come.
  ///
  /// - Parameter check: Looks at the first bytes, as soon as there are some, and says what is wrong with them.
  func readToEnd(
    limit: Int, check: (UnsafeRawBufferPointer) -> FileFailure? = { _ in nil }
  ) throws(FileFailure) -> Data {
    let isEndless = isDevice && limit > Self.deviceLimit
    let limit = isEndless ? Self.deviceLimit : limit
    let tooLarge = FileFailure.unreadable(
      isEndless ? "it is a device without an end" : "it has more than \(limit) bytes, which is too large")
    guard size <= limit else { throw tooLarge }
    // One more than there should be, so that the end shows without more room.
    var room = size > 0 ? size + 1 : 1 << 16
    guard var memory = malloc(room) else { throw .unreadable("there is no memory for its \(size) bytes") }
    var count = 0
    func failed(_ failure: FileFailure) -> FileFailure {
      free(memory)
      return failure
    }
    while true {
      let step = read(descriptor, memory + count, room - count)
      if step < 0, errno == EINTR { continue }
      guard step >= 0 else { throw failed(FileFailure(errno: errno)) }
      if step == 0 { break }
      if count == 0, let failure = check(UnsafeRawBufferPointer(start: memory, count: step)) { throw failed(failure) }
      count += step
      guard count <= limit else { throw failed(tooLarge) }
      guard count == room else { continue }
      room = room <= limit / 2 ? 2 * room : limit == .max ? limit : limit + 1
      guard let larger = realloc(memory, room) else {
        throw failed(.unreadable("there is no memory for its more than \(count) bytes"))
      }
      memory = larger
    }
    // A pipe tells its length by its end only: what was too much is given back.
    if size == 0, let smaller = realloc(memory, max(count, 1)) { memory = smaller }
    return Data(bytesNoCopy: memory, count: count, deallocator: .free)
  }
}
