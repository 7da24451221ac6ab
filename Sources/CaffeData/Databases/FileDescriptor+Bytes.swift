internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension FileDescriptor {
  /// Just so many bytes from a place on.
  func bytes(_ count: Int, at offset: Int, of path: String) throws(DataError) -> [UInt8] {
    let bytes = try self.bytes(upTo: count, at: offset, of: path)
    guard bytes.count == count else { throw DataError(path, "the file became shorter while it was read") }
    return bytes
  }

  /// The bytes from a place on, fewer at the end of the file.
  func bytes(upTo count: Int, at offset: Int, of path: String) throws(DataError) -> [UInt8] {
    var failure: CInt?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let memory = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
      let read = self.read(memory, at: offset)
      if read < 0 { failure = errno }
      filled = max(0, read)
    }
    if let failure { throw DataError(path, "cannot be read: \(systemReason(failure))") }
    return bytes
  }
}
