internal import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a database in the making: it is called `<path>.partial` until everything is stored, and then `<path>`.
///
/// So a database that exists under its name is complete, however the program that made it ended: by a full disk, by
/// Ctrl-C, or with the machine. What an interrupted run stored stays in the partial folder, and the next run says so; a
/// run that stored nothing leaves nothing. The folder is locked while it is written, so that a second writer is told from
/// an interrupted one.
final class UnfinishedFolder {
  let path: String
  let workPath: String
  /// Whether something is in it that is worth keeping.
  var hasRecords = false
  private let lock: FolderLock?
  private var isPublished = false

  private static let suffix = ".partial"

  init(for path: String) throws(DataError) {
    self.path = path
    workPath = Self.workPath(for: path)
    try Self.requireAbsent(path)
    guard mkdir(workPath, 0o744) == 0 else {
      let code = errno
      if code == EEXIST { throw Self.occupied(workPath, for: path) }
      throw Self.cannotMake(path, code)
    }
    lock = FolderLock(workPath)
    // Another writer may have finished between the two looks.
    try Self.requireAbsent(path)
  }

  deinit {
    if !isPublished, !hasRecords { try? FileManager.default.removeItem(atPath: workPath) }
  }

  /// Gives the folder its name; the database in it must be closed.
  func publish() throws(DataError) {
    guard rename(workPath, path) == 0 else {
      throw DataError(
        path, "cannot give the finished database its name: \(String(cString: strerror(errno)))",
        remedy: "it is complete and lies in \(workPath); rename that folder")
    }
    isPublished = true
  }

  /// What an interrupted run left of a database that is not there.
  static func remains(of path: String) -> String? {
    let workPath = workPath(for: path)
    return access(workPath, F_OK) == 0 ? workPath : nil
  }

  private static func workPath(for path: String) -> String {
    let end = path.lastIndex { $0 != "/" } ?? path.startIndex
    return path.prefix(through: end) + suffix
  }

  private static func requireAbsent(_ path: String) throws(DataError) {
    guard access(path, F_OK) != 0 else { throw cannotMake(path, EEXIST) }
  }

  private static func cannotMake(_ path: String, _ code: CInt) -> DataError {
    let remedy =
      code == EEXIST ? "remove it, or give another name" : "check that the folder above exists and is writable"
    return DataError(path, "mkdir \(path) failed: \(String(cString: strerror(code)))", remedy: remedy)
  }

  private static func occupied(_ workPath: String, for path: String) -> DataError {
    guard FolderLock(workPath) != nil else {
      return DataError(
        path, "another program is writing this database now, in \(workPath)",
        remedy: "wait until it has finished, or give another name")
    }
    return DataError(
      path, "an earlier run was interrupted and left \(workPath), with the records that it had stored by then",
      remedy: "remove that folder to make the database anew, or rename it to \(path) to use what is in it")
  }
}

/// Keeps other programs from locking the same folder, as long as this one lives.
private final class FolderLock {
  private let descriptor: CInt

  /// `nil` if somebody else has the lock. A file system without locks lets everybody have it.
  init?(_ folder: String) {
    descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(descriptor)
      return nil
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
