import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files that are either wholly there or not at all: written beside their place, brought to the disk, then renamed.
///
/// A link stays one: the file that it leads to is replaced. What is no regular file, such as a pipe or `/dev/stdout`, is written
/// to as it is.
package enum AtomicFile {
  /// Writes the bytes as a whole file.
  ///
  /// - Parameter isLasting: whether the file must be there after a power cut that comes right after this. That takes time, so
  ///   one of many pictures may do without.
  package static func write(
    _ bytes: some Sequence<UInt8>, to path: String, isLasting: Bool = true
  ) throws(FileWriteError) {
    try Array(bytes).withUnsafeBufferPointer { (bytes) throws(FileWriteError) in
      try write(UnsafeRawBufferPointer(bytes), to: path, isLasting: isLasting)
    }
  }

  /// Writes the bytes as a whole file.
  package static func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, isLasting: Bool = true
  ) throws(FileWriteError) {
    if isStream(path) {
      guard let file = FileDescriptor(opening: path, O_WRONLY), file.write(bytes), file.close() else {
        throw FileWriteError("write", path)
      }
    } else {
      let replacement = try Replacement(of: path)
      guard replacement.file.write(bytes) else { throw FileWriteError("write", path) }
      try replacement.publish(isLasting: isLasting)
    }
  }

  /// The folder that a path leads into.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// A file in the making, which goes away unless it is published.
private final class Replacement {
  let file: FileDescriptor
  private let temporary: String
  private let path: String
  private let place: String
  private let folder: FileDescriptor?
  private var isPublished = false

  private static let count = Atomic(0)

  init(of path: String) throws(FileWriteError) {
    self.path = path
    place = Self.destination(of: path)
    // The folder is opened first: once the file has its name, nothing should be left that can fail for lack of something.
    // Who may write in a folder need not be able to read it.
    folder = FileDescriptor(opening: AtomicFile.folder(of: place))
    if folder == nil, errno != EACCES { throw FileWriteError("write", path) }
    let number = Self.count.wrappingAdd(1, ordering: .relaxed).oldValue
    temporary = "\(place).\(getpid()).\(number).tmp"
    guard let file = FileDescriptor(opening: temporary, O_WRONLY | O_CREAT | O_TRUNC) else {
      throw FileWriteError("create", temporary)
    }
    self.file = file
  }

  deinit { if !isPublished { unlink(temporary) } }

  func publish(isLasting: Bool) throws(FileWriteError) {
    guard !isLasting || file.sync() else { throw FileWriteError("bring to the disk", path) }
    guard file.close() else { throw FileWriteError("write", path) }
    guard rename(temporary, place) == 0 else { throw FileWriteError("rename \(temporary) to", path) }
    isPublished = true
    // The new name must survive a power cut too.
    if isLasting, let folder, !folder.syncFolder() { throw FileWriteError("bring to the disk the name of", path) }
  }

  /// The file itself where the path is a link to one.
  private static func destination(of path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let resolved = realpath(path, nil) else {
      return path
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// A file that could not be written.
package struct FileWriteError: Error, Hashable, CustomStringConvertible {
  package var path: String
  /// What the system says.
  package var reason: String
  package var remedy: String?
  private var operation: String

  /// Why the system call that just failed did so.
  package init(_ operation: String, _ path: String) {
    let code = errno
    self.operation = operation
    self.path = path
    reason = systemReason(code)
    remedy =
      switch code {
      case ENOSPC, EDQUOT, EFBIG: "make room on that disk; what was written before is untouched"
      case EACCES, EPERM, EROFS: "make the folder writable, or choose another place"
      case ENOENT, ENOTDIR: "make the folder first"
      case EISDIR: "give the name of a file"
      case EMFILE, ENFILE: "close other files or programs, or raise the limit on open files (ulimit -n)"
      default: nil
      }
  }

  package var problem: String { "cannot \(operation) \(path): \(reason)" }
  package var description: String { "error: " + problem + (remedy.map { "\n  \($0)" } ?? "") }
}
