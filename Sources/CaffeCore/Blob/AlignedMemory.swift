#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Memory at an address that suits every vector instruction; it starts at zero.
///
/// Large memory comes from the system as zeros, so nothing is written here that is about to be overwritten: the first touch of a
/// page costs more than most of what is done with it.
package final class AlignedMemory {
  package let address: UnsafeMutableRawPointer
  package let byteCount: Int
  private let block: UnsafeMutableRawPointer

  private static let alignment = 64

  package init(byteCount: Int) {
    guard let block = Self.zeros(byteCount) else { Self.giveUp(byteCount) }
    self.block = block
    self.byteCount = byteCount
    address = block.alignedUp(toMultipleOf: Self.alignment)
    Self.askForHugePages(block, byteCount)
  }

  /// Memory that holds as many bytes from its first suitable address on.
  private static func zeros(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    #if ADDRESS_SANITIZER
      // Not a byte more, so that the sanitizer sees who reads on.
      var block: UnsafeMutableRawPointer?
      guard posix_memalign(&block, alignment, max(byteCount, 1)) == 0, let block else { return nil }
      return memset(block, 0, byteCount)
    #else
      return calloc(max(byteCount, 1) + alignment, 1)
    #endif
  }

  /// Ends the process with a sentence: there is nothing to compute in, and nobody on the way could go on without.
  private static func giveUp(_ byteCount: Int) -> Never {
    let message = "out of memory: the system gives no \(byteCount) bytes more; take a smaller batch or smaller images\n"
    _ = Array(message.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(1)
  }

  /// Less than this is not worth a call to the system.
  private static let hugeByteCount = 256 << 10

  /// Lets the system use pages of 2 MB, where it leaves that to programs: who streams through hundreds of megabytes of weights looks up
  /// fewer addresses, and the processor fetches ahead without a halt every 4 KB. Neighbouring memory shares such pages.
  private static func askForHugePages(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    #if os(Linux)
      guard byteCount >= hugeByteCount else { return }
      let page = 4096
      let start = block.alignedUp(toMultipleOf: page)
      let length = (block + byteCount - start) / page * page
      // It is a wish: a system without such pages says no.
      _ = madvise(start, length, CInt(MADV_HUGEPAGE))
    #endif
  }

  deinit { free(block) }
}
