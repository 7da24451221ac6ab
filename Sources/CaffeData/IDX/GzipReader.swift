internal import CZlib
internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is read from start to end and unpacked on the way if it is gzip.
final class GzipReader {
  let path: String
  private let file: gzFile

  init(path: String) throws(DataError) {
    let descriptor = uninterrupted { open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0, let file = gzdopen(descriptor, "rb") else {
      let code = errno
      throw DataError(
        path, systemReason(code), remedy: code == ENOENT ? "download the file first, or correct the path" : nil)
    }
    self.path = path
    self.file = file
    gzbuffer(file, 1 << 17)
  }

  deinit { gzclose(file) }

  /// The next bytes.
  ///
  /// Memory grows with what is really there, so a count from a damaged header costs nothing.
  ///
  /// - Throws: `DataError` when there are not as many, or the compressed data are damaged.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    var bytes = [UInt8]()
    while bytes.count < count {
      let piece = try readUp(to: min(count - bytes.count, 1 << 20))
      guard !piece.isEmpty else {
        throw DataError(
          path, "the file ends \(count - bytes.count) bytes too early: it was cut short", remedy: "download it again")
      }
      bytes += piece
    }
    return bytes
  }

  /// Whether everything has been read.
  func isAtEnd() throws(DataError) -> Bool { try readUp(to: 1).isEmpty }

  /// The next bytes, none at the end.
  func readUp(to count: Int) throws(DataError) -> [UInt8] {
    var status = 0 as CInt
    let piece = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      status = gzread(file, buffer.baseAddress, CUnsignedInt(count))
      filled = max(0, Int(status))
    }
    // A compressed stream that stops in the middle yields what is there and is only told apart by the error code.
    var code = 0 as CInt
    let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
    guard code != Z_ERRNO else { throw DataError(path, "cannot be read: \(systemReason())") }
    guard status >= 0, code == Z_OK || code == Z_STREAM_END else {
      throw DataError(path, "cannot unpack: \(text)", remedy: "the file is damaged or cut short; download it again")
    }
    return piece
  }
}
