internal import CZlib
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
  /// The bytes of the file that has this place among the names.
  func read(_ place: Int) throws(DataError) -> Data
}

/// A file that is read at any place by any number of threads.
final class RandomAccessFile: Sendable {
  let path: String
  let size: Int
  private let descriptor: CInt

  convenience init(_ path: String) throws(DataError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DataError(path, String(cString: strerror(errno))) }
    self.init(path, descriptor)
  }

  /// Takes over an open file.
  private init(_ path: String, _ descriptor: CInt) {
    self.path = path
    self.descriptor = descriptor
    size = max(0, Int(lseek(descriptor, 0, SEEK_END)))
  }

  deinit { close(descriptor) }

  /// Unpacks a gzip file into a temporary one, which is gone when nobody reads it any more.
  convenience init(unpacking path: String) throws(DataError) {
    let reader = try GzipReader(path: path)
    var template = Array((FileManager.default.temporaryDirectory.path + "/caffe-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    unlink(template)
    do throws(DataError) {
      while true {
        let piece = try reader.readUp(to: 1 << 20)
        if piece.isEmpty { break }
        guard descriptor >= 0, write(descriptor, piece, piece.count) == piece.count else {
          throw DataError(
            path, "cannot be unpacked: \(String(cString: strerror(errno)))", remedy: "set TMPDIR to a folder with room")
        }
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.init(path, descriptor)
  }

  /// The bytes from `offset` on, fewer at the end of the file.
  func read(at offset: Int, upTo count: Int) throws(DataError) -> [UInt8] {
    guard offset >= 0, offset <= size else { throw DataError(path, "the archive is damaged: it points beyond its end") }
    let wanted = min(count, size - offset)
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while done < wanted {
        let step = pread(descriptor, buffer.baseAddress.map { $0 + done }, wanted - done, off_t(offset + done))
        guard step > 0 else { break }
        done += step
      }
      filled = done
    }
    guard done == wanted else { throw DataError(path, "cannot be read: \(String(cString: strerror(errno)))") }
    return bytes
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
