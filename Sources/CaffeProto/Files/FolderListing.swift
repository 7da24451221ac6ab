#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names of what is in a folder, in no order, as bytes, since they need not be UTF-8.
package func entryNames(in folder: [UInt8]) throws(FileFailure) -> [[UInt8]] {
  guard !folder.contains(0) else { throw .notFound }
  let path = folder.map(CChar.init(bitPattern:)) + [0]
  var opened = opendir(path)
  while opened == nil, errno == EINTR { opened = opendir(path) }
  guard let listing = opened else { throw FileFailure(errno: errno) }
  defer { closedir(listing) }
  var names: [[UInt8]] = []
  // At the end of the folder nothing is said, and after an error the reason.
  errno = 0
  while let entry = readdir(listing) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
    errno = 0
  }
  guard errno == 0 else { throw FileFailure(errno: errno) }
  return names
}
