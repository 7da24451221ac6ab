internal import COneDNN
internal import CaffeCore

/// A tensor in memory: a layout and an address.
final class Memory {
  let handle: OpaquePointer
  let layout: Layout
  private let storage: AlignedMemory?
  private let pool: MemoryPool?

  /// Memory of its own, zero at first. (oneDNN wants the padding of a block to be zero.)
  init(owned layout: Layout) {
    let storage = AlignedMemory(byteCount: layout.byteCount)
    self.layout = layout
    self.storage = storage
    pool = nil
    handle = Self.make(layout, at: storage.address)
  }

  /// Memory from a pool, to which it goes back in the end. Its content is undefined, but padding is zero.
  init(_ layout: Layout, from pool: MemoryPool) {
    let storage = pool.take(byteCount: layout.byteCount)
    self.layout = layout
    self.storage = storage
    self.pool = pool
    handle = Self.make(layout, at: storage.address)
    if layout.growth > 1 { setZero() }
  }

  /// Memory of somebody else's, at an address that is set before use.
  init(borrowed layout: Layout) {
    self.layout = layout
    storage = nil
    pool = nil
    handle = Self.make(layout, at: nil)
  }

  private static func make(_ layout: Layout, at address: UnsafeMutableRawPointer?) -> OpaquePointer {
    if let handle = layout.takeIdleMemory() {
      point(handle, at: address)
      return handle
    }
    return demand { () throws(OneDNNError) in
      try create("make a memory object") { caffe_memory_create(&$0, layout.handle, Device.processor.handle, address) }
    }
  }

  deinit {
    layout.giveBackMemory(handle)
    if let storage { pool?.giveBack(storage) }
  }

  /// Points borrowed memory at these values.
  func point(at address: UnsafeMutableRawPointer) {
    precondition(storage == nil, "this memory has an address of its own")
    Self.point(handle, at: address)
  }

  private static func point(_ handle: OpaquePointer, at address: UnsafeMutableRawPointer?) {
    demand { () throws(OneDNNError) in try check("set an address", dnnl_memory_set_data_handle(handle, address)) }
  }

  /// The values of owned memory, padding included.
  var values: UnsafeMutablePointer<Float> {
    precondition(layout.precision == .float32, "values that are no floats")
    return address.assumingMemoryBound(to: Float.self)
  }

  /// Where owned memory begins.
  var address: UnsafeMutableRawPointer { storage!.address }

  func setZero() { storage!.address.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount) }
}
