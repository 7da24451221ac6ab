#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Files that are either wholly there or not at all: written beside their place, brought to the disk, then renamed.
enum AtomicFile {
  /// Lets `write` make a file at a temporary path, and puts it in its place when that worked.
  static func write(_ path: String, _ write: (_ temporaryPath: String) throws -> Void) throws {
    let temporary = "\(path).\(getpid()).tmp"
    do {
      try write(temporary)
      try sync(temporary)
      guard rename(temporary, path) == 0 else { throw failure("rename \(temporary) to", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    // The new name itself must survive a power cut too; some file systems cannot sync a directory, which is no failure.
    try? sync(directory(of: path))
  }

  /// Writes the bytes as a whole file.
  static func write(_ bytes: [UInt8], to path: String) throws {
    try write(path) { temporary in
      let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw failure("create", temporary) }
      defer { close(file) }
      try bytes.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let written = systemWrite(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          if written < 0, errno == EINTR { continue }
          guard written > 0 else { throw failure("write", path) }
          rest = rest.dropFirst(written)
        }
      }
    }
  }

  /// The folder that a path leads into.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func failure(_ operation: String, _ path: String) -> SolverError {
    let code = errno
    let reason = String(cString: strerror(code))
    let remedy =
      switch code {
      case ENOSPC, EDQUOT, EFBIG: "make room on that disk; what was written before is untouched"
      case EACCES, EPERM, EROFS: "make the folder writable, or choose another snapshot_prefix"
      case ENOENT: "make the folder first"
      default: nil as String?
      }
    return SolverError("cannot \(operation) \(path): \(reason)", remedy: remedy)
  }

  private static func sync(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw failure("bring to the disk", path) }
  }
}

/// `write(2)`, under a name that the methods above do not hide.
private func systemWrite(_ file: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
