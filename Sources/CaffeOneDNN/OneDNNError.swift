internal import COneDNN

/// oneDNN refused a call.
struct OneDNNError: Error, CustomStringConvertible {
  /// What was tried, such as `describe a convolution`.
  var operation: String
  var status: dnnl_status_t

  /// Whether oneDNN has no such operation: then others compute it.
  var isRefusal: Bool { status == dnnl_unimplemented }

  var description: String { "oneDNN could not \(operation): \(String(cString: dnnl_status2str(status)))" }
}

/// The one way for status codes to become errors.
func check(_ operation: @autoclosure () -> String, _ status: dnnl_status_t) throws(OneDNNError) {
  guard status == dnnl_success else { throw OneDNNError(operation: operation(), status: status) }
}

/// Calls a function that hands a new object back through a pointer.
func create(
  _ operation: @autoclosure () -> String, _ call: (inout OpaquePointer?) -> dnnl_status_t
) throws(OneDNNError) -> OpaquePointer {
  var handle: OpaquePointer?
  try check(operation(), call(&handle))
  guard let handle else { throw OneDNNError(operation: operation(), status: dnnl_runtime_error) }
  return handle
}

/// The result of a step that fails only when a few bytes of memory are not to be had: a handle of a memory or of the processor.
func demand<Result>(_ step: () throws(OneDNNError) -> Result) -> Result {
  do { return try step() } catch { fatalError("\(error)") }
}
