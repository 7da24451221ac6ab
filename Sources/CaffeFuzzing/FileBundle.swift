/// Several files in one row of bytes: for each its name, a zero, its length in four bytes (little end first), its content.
///
/// A length that goes beyond the end means: up to the end. So any bytes are a bundle, and every change of one as well.
package struct FileBundle {
  package var files: [(name: String, content: [UInt8])] = []

  package init(_ files: [(name: String, content: [UInt8])] = []) { self.files = files }

  package init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0) {
      let name = String(decoding: rest[..<end], as: UTF8.self)
      rest = rest[(end + 1)...]
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      files.append((name, Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for (name, content) in files {
      bytes += Array(name.utf8) + [0]
      for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: content.count >> (8 * index))) }
      bytes += content
    }
    return bytes
  }

  /// Writes those files that have plain names.
  func write(to folder: FuzzFolder) throws(FuzzFinding) {
    for (name, content) in files where !name.isEmpty && name.utf8.count < 64 && name.first != "." {
      guard name.utf8.allSatisfy({ $0 > 0x2C && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else { continue }
      _ = try folder.write(content, as: name)
    }
  }
}
