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
// - Functions that take longer than a moment hold the lock of the net they work on: see `SharedLock`.

public typealias Handle = UnsafeMutableRawPointer
public typealias CText = UnsafeMutablePointer<CChar>
public typealias CString = UnsafePointer<CChar>

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
func object<Object: AnyObject>(_ handle: Handle, _ type: Object.Type = Object.self) -> Object {
  Unmanaged<Object>.fromOpaque(handle).takeUnretainedValue()
}

@_cdecl("caffe_release")
public func release(_ handle: Handle) { Unmanaged<AnyObject>.fromOpaque(handle).release() }

@_cdecl("caffe_free")
public func freeMemory(_ memory: UnsafeMutableRawPointer?) { free(memory) }

/// Bytes for the caller: a copy, and how many they are.
func give(
  _ bytes: [UInt8], _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ count: UnsafeMutablePointer<Int>
) {
  let memory = malloc(max(bytes.count, 1))!
  bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count) }
  result.pointee = memory
  count.pointee = bytes.count
}
