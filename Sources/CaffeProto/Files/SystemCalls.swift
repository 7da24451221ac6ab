import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Repeats a system call as long as signals interrupt it.
package func uninterrupted<Count: SignedInteger>(_ call: () -> Count) -> Count {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// What `errno` says, in words.
package func systemReason(_ code: CInt = errno) -> String { String(cString: strerror(code)) }

/// An open file, or an open folder; whoever wants to know whether closing worked calls `close()`.
///
/// Methods that may fail return false, a negative number or nil, and leave the reason in `errno`.
package final class FileDescriptor: Sendable {
  package let number: CInt
  private let isOpen = Atomic(true)

  package convenience init?(opening path: String, _ flags: CInt = O_RDONLY, permissions: mode_t = 0o666) {
    let number = uninterrupted { open(path, flags | O_CLOEXEC, permissions) }
    guard number >= 0 else { return nil }
    self.init(taking: number)
  }

  /// Takes over an open file.
  package init(taking number: CInt) { self.number = number }

  deinit { _ = close() }

  /// Closes the file. After an interruption it is closed as well, so that is no failure.
  package func close() -> Bool {
    guard isOpen.exchange(false, ordering: .relaxed) else { return true }
    return systemClose(number) == 0 || errno == EINTR
  }

  package var status: stat? {
    var status = stat()
    return fstat(number, &status) == 0 ? status : nil
  }

  /// How many bytes a file has.
  package var size: Int? { status.map { Int($0.st_size) } }

  /// Writes all bytes, wherever the file stands.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let count = uninterrupted { systemWrite(number, piece.baseAddress, piece.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Fills memory with the bytes from a place on, or up to the end of the file; how many they are, or -1.
  package func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    var count = 0
    while count < target.count {
      let step = uninterrupted {
        pread(number, target.baseAddress! + count, target.count - count, off_t(offset + count))
      }
      if step < 0 { return -1 }
      if step == 0 { break }
      count += step
    }
    return count
  }

  /// Brings the bytes of a file to the disk.
  package func sync() -> Bool { uninterrupted { fsync(number) } == 0 }

  /// Brings the names in a folder to the disk. Some file systems cannot, which is no failure.
  package func syncFolder() -> Bool { sync() || ![EIO, ENOSPC, EDQUOT].contains(errno) }
}

// Under names that the methods do not hide.
private func systemClose(_ file: CInt) -> CInt { close(file) }
private func systemWrite(_ file: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
