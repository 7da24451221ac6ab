internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names of what is in a folder, in no order.
func fileNames(in folder: String) throws(DataError) -> [String] {
  try names(in: Array(folder.utf8)).map { String(decoding: $0, as: UTF8.self) }
}

/// The paths of the files in a folder and in those below it, as bytes, since file names need not be UTF-8. Links to folders are not
/// followed.
package func files(below folder: String) throws(DataError) -> [[UInt8]] {
  var found: [[UInt8]] = []
  // Folders whose files are still to be listed.
  var open: [[UInt8]] = [[]]
  while let parent = open.popLast() {
    let place = Array(folder.utf8) + [UInt8(ascii: "/")] + parent
    for name in try names(in: place) {
      var status = stat()
      guard lstat((place + name).map(CChar.init(bitPattern:)) + [0], &status) == 0 else { continue }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      if isFolder { open.append(parent + name + [UInt8(ascii: "/")]) } else { found.append(parent + name) }
    }
  }
  return found
}

private func names(in folder: [UInt8]) throws(DataError) -> [[UInt8]] {
  do { return try entryNames(in: folder) } catch {
    throw DataError(String(decoding: folder, as: UTF8.self), "cannot read the folder: \(error)")
  }
}
