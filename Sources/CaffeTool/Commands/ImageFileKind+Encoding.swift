import Caffe
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

extension ImageFileKind {
  /// The format of an ending or of the flag -encode_type, such as jpg.
  init(named name: String) throws {
    guard let kind = ImageFileKind(ofFileNamed: "." + name) else {
      throw ToolError("images cannot be written as \"\(name)\"; give jpg, png, bmp or ppm (-encode_type)")
    }
    self = kind
  }

  func encode(_ image: Bitmap) throws -> Data {
    switch self {
    case .jpeg: try image.jpeg()
    case .png: try image.png()
    case .bmp: image.bmp
    case .pnm: image.pnm
    }
  }
}

/// What follows the last dot of a file's name; the whole name if there is none.
func fileEnding(_ name: String) -> String {
  name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name
}

/// How many threads share work that keeps processors busy.
var workerCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

/// Keeps memory that is freed, where the system's allocator can be told to.
///
/// Each image takes a few blocks that are large enough to be given back at once, and then every page of the next ones
/// would have to be made anew.
func keepFreedMemory() {
  #if canImport(Glibc)
    guard let symbol = dlsym(nil, "mallopt") else { return }
    let setOption = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
    // M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    _ = setOption(-3, 32 << 20)
    _ = setOption(-1, 512 << 20)
  #endif
}
