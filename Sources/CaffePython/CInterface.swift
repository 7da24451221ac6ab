import Caffe
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// How the functions of this library talk to C, and so to Python's ctypes:
//
// - An object is an opaque *handle* that holds one reference; `caffe_release` gives it back.
// - A function that can fail returns a text that says why, or null. The caller gives texts back to `caffe_free`.
// - A function that returns a handle, a text or a number by itself returns null, or a negative number, for what cannot be.
// - Whatever the caller passes is checked here: handles for null and for their kind, numbers for their range, texts for null.
// - Functions that take longer than a moment hold the lock of the net they work on: see `SharedLock`.

public typealias Handle = UnsafeMutableRawPointer
public typealias CText = UnsafeMutablePointer<CChar>
public typealias CString = UnsafePointer<CChar>
/// Where a function puts bytes, or an object, for the caller.
public typealias Place = UnsafeMutablePointer<UnsafeMutableRawPointer?>

/// What handles stand for.
protocol Handled: AnyObject {
  /// What messages call it.
  static var noun: String { get }
}

/// Runs the work of a function that can fail; its answer is what went wrong.
func attempt(_ work: () throws -> Void) -> CText? {
  do {
    try work()
    return nil
  } catch { return text("\(error)") }
}

/// A copy for the caller.
func text(_ string: String) -> CText { strdup(string) }

func json(_ value: some Encodable) throws -> CText {
  text(String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
}

/// A new reference to the object, for the caller.
func handle(_ object: AnyObject) -> Handle { Unmanaged.passRetained(object).toOpaque() }

/// The object behind a handle.
///
/// - Throws: `NetError` when there is none, or one of another kind.
func object<Object: Handled>(_ handle: Handle?, _ type: Object.Type = Object.self) throws(NetError) -> Object {
  guard let handle else { throw NetError("there is no \(Object.noun): its handle is null") }
  let found = Unmanaged<AnyObject>.fromOpaque(handle).takeUnretainedValue()
  guard let object = found as? Object else {
    let kind = (found as? any Handled).map { Swift.type(of: $0).noun } ?? "something else"
    throw NetError("a \(Object.noun) was expected, and this is a \(kind)")
  }
  return object
}

/// The text at an address.
///
/// - Throws: `NetError` when there is none.
func string(_ text: CString?, _ what: String) throws(NetError) -> String {
  guard let text else { throw NetError("\(what) is missing") }
  return String(cString: text)
}

/// What is at an address that the caller must give.
///
/// - Throws: `NetError` when the address is null.
func required<Pointer>(_ pointer: Pointer?, _ what: String) throws(NetError) -> Pointer {
  guard let pointer else { throw NetError("the address of \(what) is null") }
  return pointer
}

/// So many values at an address; none need no address.
func values<Value>(_ start: UnsafePointer<Value>?, _ count: Int, _ what: String) throws(NetError)
  -> UnsafeBufferPointer<Value>
{
  guard count >= 0, count <= Int.max / MemoryLayout<Value>.stride else {
    throw NetError("there cannot be \(count) \(what)")
  }
  guard start != nil || count == 0 else { throw NetError("the address of \(count) \(what) is null") }
  return UnsafeBufferPointer(start: start, count: count)
}

@_cdecl("caffe_release")
public func release(_ handle: Handle?) {
  if let handle { Unmanaged<AnyObject>.fromOpaque(handle).release() }
}

@_cdecl("caffe_free")
public func freeMemory(_ memory: UnsafeMutableRawPointer?) { free(memory) }

/// Bytes for the caller: a copy, and how many they are.
func give(_ bytes: [UInt8], _ result: Place?, _ count: UnsafeMutablePointer<Int>?) throws(NetError) {
  let (result, size) = (try required(result, "the result"), try required(count, "the result's size"))
  guard let memory = malloc(max(bytes.count, 1)) else { throw NetError("out of memory: \(bytes.count) bytes") }
  bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count) }
  result.pointee = memory
  size.pointee = bytes.count
}
