#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The paths of the files in a folder and in those below it, as bytes, since file names need not be UTF-8. Links to folders are not
/// followed.
func files(below folder: String) throws(DataError) -> [[UInt8]] {
  var found: [[UInt8]] = []
  // Folders whose files are still to be listed.
  var open: [[UInt8]] = [[]]
  while let parent = open.popLast() {
    for name in try names(in: Array(folder.utf8) + [UInt8(ascii: "/")] + parent) {
      let path = parent + name.bytes
      if name.isFolder { open.append(path + [UInt8(ascii: "/")]) } else { found.append(path) }
    }
  }
  return found
}

/// What is in a folder, in no order.
private func names(in folder: [UInt8]) throws(DataError) -> [(bytes: [UInt8], isFolder: Bool)] {
  func cString(_ path: [UInt8]) -> [CChar] { path.map(CChar.init(bitPattern:)) + [0] }
  guard let directory = opendir(cString(folder)) else {
    let reason = String(cString: strerror(errno))
    throw DataError(String(decoding: folder, as: UTF8.self), "cannot read the folder: \(reason)")
  }
  defer { closedir(directory) }
  var names: [(bytes: [UInt8], isFolder: Bool)] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
    var status = stat()
    guard lstat(cString(folder + name), &status) == 0 else { continue }
    names.append((name, status.st_mode & S_IFMT == S_IFDIR))
  }
  return names
}
