import Caffe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Refuses to write over what a command reads, by whatever path: the input would be lost.
func requireOther(_ output: String, than inputs: [String]) throws(ToolError) {
  guard let written = FileIdentity(output) else { return }
  let folder = FileIdentity(AtomicFile.folder(of: output))
  for input in inputs {
    let read = FileIdentity(input)
    let isInDatabase = folder == read && DatabaseBackend(at: input) != nil && isPartOfDatabase(output)
    guard written == read || isInDatabase else { continue }
    throw ToolError("\(output): writing it would destroy the input, \(input); give another name")
  }
}

private func isPartOfDatabase(_ path: String) -> Bool {
  let name = path.split(separator: "/").last ?? ""
  return ["data.mdb", "lock.mdb", "CURRENT"].contains(name) || name.hasPrefix("MANIFEST-")
    || [".log", ".ldb", ".sst"].contains { name.hasSuffix($0) }
}

/// Which file or folder a path leads to; nil for none, and for devices and pipes, which nobody can write over.
private struct FileIdentity: Hashable {
  private let device: UInt64
  private let number: UInt64

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return nil }
    (device, number) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(status.st_ino))
  }
}
