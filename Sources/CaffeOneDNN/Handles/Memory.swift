internal import COneDNN

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Memory at an address that suits every vector instruction; it starts at zero.
final class AlignedStorage {
  let address: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    var address: UnsafeMutableRawPointer?
    precondition(posix_memalign(&address, 64, max(byteCount, 64)) == 0, "out of memory: \(byteCount) bytes for oneDNN")
    self.address = address!
    self.byteCount = byteCount
    memset(self.address, 0, byteCount)
  }

  deinit { free(address) }
}

/// A tensor in memory: a layout and an address.
final class Memory {
  let handle: OpaquePointer
  let layout: Layout
  private let storage: AlignedStorage?

  /// Memory of its own, zero at first. (oneDNN wants the padding of a block to be zero.)
  init(owned layout: Layout) {
    let storage = AlignedStorage(byteCount: layout.byteCount)
    self.layout = layout
    self.storage = storage
    handle = Self.make(layout, at: storage.address)
  }

  /// Memory of somebody else's, at an address that is set before use.
  init(borrowed layout: Layout) {
    self.layout = layout
    storage = nil
    handle = Self.make(layout, at: nil)
  }

  private static func make(_ layout: Layout, at address: UnsafeMutableRawPointer?) -> OpaquePointer {
    demand { () throws(OneDNNError) in
      try create("make a memory object") { caffe_memory_create(&$0, layout.handle, Device.processor.handle, address) }
    }
  }

  deinit { dnnl_memory_destroy(handle) }

  /// Points borrowed memory at these values.
  func point(at address: UnsafeMutableRawPointer) {
    precondition(storage == nil, "this memory has an address of its own")
    demand { () throws(OneDNNError) in try check("set an address", dnnl_memory_set_data_handle(handle, address)) }
  }

  /// The values of owned memory, padding included.
  var values: UnsafeMutablePointer<Float> { storage!.address.assumingMemoryBound(to: Float.self) }

  func setZero() { memset(storage!.address, 0, layout.byteCount) }
}
