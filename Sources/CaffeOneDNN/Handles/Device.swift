internal import COneDNN

/// oneDNN's view of the processor, on which all primitives and memories are made.
///
/// It never changes after its creation, and oneDNN allows its use from any thread: hence Sendable.
final class Device: @unchecked Sendable {
  static let processor = demand { () throws(OneDNNError) in try Device() }

  let handle: OpaquePointer

  private init() throws(OneDNNError) {
    handle = try create("open the processor") { dnnl_engine_create(&$0, dnnl_cpu, 0) }
  }

  deinit { dnnl_engine_destroy(handle) }
}
