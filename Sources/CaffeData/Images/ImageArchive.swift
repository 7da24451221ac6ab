internal import CZlib
internal import CaffeProto
internal import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that holds other files, any of which can be read at any time, by many threads at once.
protocol ImageArchive: Sendable {
  var path: String { get }
  /// The paths of the files in it.
  var names: [String] { get }
  /// How many bytes the file has, unpacked, that has this place among the names.
  func size(_ place: Int) -> Int
  /// The bytes of the file that has this place among the names.
  func read(_ place: Int) throws(DataError) -> Data
}

/// A file that is read at any place by any number of threads.
final class RandomAccessFile: Sendable {
  let path: String
  let size: Int
  private let descriptor: FileDescriptor

  convenience init(_ path: String) throws(DataError) {
    guard let descriptor = FileDescriptor(opening: path) else { throw DataError(path, systemReason()) }
    try self.init(path, descriptor)
  }

  private init(_ path: String, _ descriptor: FileDescriptor) throws(DataError) {
    guard let size = descriptor.size else { throw DataError(path, systemReason()) }
    self.path = path
    self.descriptor = descriptor
    self.size = size
  }

  /// Unpacks a gzip file into a temporary one, which is gone when nobody reads it any more.
  convenience init(unpacking path: String) throws(DataError) {
    let reader = try GzipReader(path: path)
    var template = Array((FileManager.default.temporaryDirectory.path + "/caffe-XXXXXX").utf8CString)
    let number = mkstemp(&template)
    func failure() -> DataError {
      DataError(path, "cannot be unpacked: \(systemReason())", remedy: "set TMPDIR to a folder with room")
    }
    guard number >= 0 else { throw failure() }
    let file = FileDescriptor(taking: number)
    unlink(template)
    while true {
      let piece = try reader.readUp(to: 1 << 20)
      if piece.isEmpty { break }
      guard piece.withUnsafeBytes({ file.write($0) }) else { throw failure() }
    }
    try self.init(path, file)
  }

  /// The bytes from `offset` on, fewer at the end of the file.
  func read(at offset: Int, upTo count: Int) throws(DataError) -> [UInt8] {
    guard offset >= 0, offset <= size else { throw DataError(path, "the archive is damaged: it points beyond its end") }
    return try descriptor.bytes(min(count, size - offset), at: offset, of: path)
  }

  /// Just so many bytes from `offset` on.
  func read(at offset: Int, _ count: Int) throws(DataError) -> [UInt8] {
    guard count >= 0, offset >= 0, count <= size, offset <= size - count else {
      throw DataError(path, "the archive is damaged or cut short: it points beyond its end", remedy: "get it anew")
    }
    return try read(at: offset, upTo: count)
  }
}

extension Collection<UInt8> {
  /// The little-endian number in the bytes.
  var littleEndian: Int { reversed().reduce(0) { $0 << 8 | Int($1) } }
}
