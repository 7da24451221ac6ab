internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names of what is in a folder, in no order.
func fileNames(in path: String) throws(DataError) -> [String] {
  func failure() -> DataError { DataError(path, "cannot read the folder: \(systemReason())") }
  var opened = opendir(path)
  while opened == nil, errno == EINTR { opened = opendir(path) }
  guard let folder = opened else { throw failure() }
  defer { closedir(folder) }
  var names: [String] = []
  // At the end of the folder nothing is said, and after an error the reason.
  errno = 0
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if name != ".", name != ".." { names.append(name) }
    errno = 0
  }
  guard errno == 0 else { throw failure() }
  return names
}
