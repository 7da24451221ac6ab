internal import CaffeProto
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

  /// What a user can do after an error: nothing need be done about a folder that goes away.
  var remedy: String? {
    hasRecords
      ? "the records that were stored by then lie in \(workPath); remove that folder to make the database anew" : nil
  }

  private let lock: FolderLock?
  private var isPublished = false

  private static let suffix = ".partial"

  init(for path: String) throws(DataError) {
    guard !path.isEmpty else { throw DataError("database", "it has no name", remedy: "give a path that is not empty") }
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
    guard bringToDisk() else {
      throw DataError(path, "cannot bring the database to the disk: \(systemReason())", remedy: remedy)
    }
    guard rename(workPath, path) == 0 else {
      throw DataError(
        path, "cannot give the finished database its name: \(systemReason())",
        remedy: "it is complete and lies in \(workPath); rename that folder")
    }
    isPublished = true
    let parent = FileDescriptor(opening: AtomicFile.folder(of: path.trimmingSlashes))
    guard parent?.syncFolder() ?? (errno == EACCES) else {
      throw DataError(
        path, "cannot bring the name of the finished database to the disk: \(systemReason())",
        remedy: "the database is complete, but may be gone when the machine stops now; copy it to another disk")
    }
  }

  /// A name must not come to the disk before what it stands for, or a power cut could leave a database in parts.
  private func bringToDisk() -> Bool {
    guard let folder = FileDescriptor(opening: workPath), let names = try? fileNames(in: workPath) else { return false }
    for name in names {
      guard let file = FileDescriptor(opening: "\(workPath)/\(name)"), file.sync() else { return false }
    }
    return folder.syncFolder()
  }

  /// What an interrupted run left of a database that is not there.
  static func remains(of path: String) -> String? {
    let workPath = workPath(for: path)
    return access(workPath, F_OK) == 0 ? workPath : nil
  }

  private static func workPath(for path: String) -> String {
    path.trimmingSlashes + suffix
  }

  private static func requireAbsent(_ path: String) throws(DataError) {
    guard access(path.trimmingSlashes, F_OK) != 0 else { throw cannotMake(path, EEXIST) }
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
  private let descriptor: FileDescriptor?

  /// `nil` if somebody else has the lock. A file system without locks lets everybody have it.
  init?(_ folder: String) {
    descriptor = FileDescriptor(opening: folder)
    if let descriptor, flock(descriptor.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
  }
}

extension String {
  /// The path without slashes at its end.
  fileprivate var trimmingSlashes: String {
    isEmpty ? "" : String(prefix(through: lastIndex { $0 != "/" } ?? startIndex))
  }
}
