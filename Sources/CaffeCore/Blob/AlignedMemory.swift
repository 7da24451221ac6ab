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
    guard let block = calloc(max(byteCount, 1) + Self.alignment, 1) else {
      preconditionFailure("out of memory: \(byteCount) bytes for a blob")
    }
    self.block = block
    self.byteCount = byteCount
    address = block.alignedUp(toMultipleOf: Self.alignment)
  }

  deinit { free(block) }
}
