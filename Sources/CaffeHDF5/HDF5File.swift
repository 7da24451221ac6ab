internal import CHDF5
internal import CaffeProto
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An HDF5 file, open for reading or newly made for writing; it closes with the last of its objects.
///
///     let file = try HDF5File(reading: "train.h5")
///     let labels = try file.root.dataset("label").floats()
///
/// A size that a damaged file claims is not believed: whatever could not fit into the file, were it packed as
/// tightly as deflate can, is an error.
public final class HDF5File {
  public let path: String
  /// The group that holds everything else.
  public let root: HDF5Group
  private let handle: HDF5Handle

  /// Opens the file at `path` for reading.
  ///
  /// - Parameter isConfined: whether it is an error when the file leads to other files, by links or by values that lie there.
  public convenience init(reading path: String, isConfined: Bool = false) throws(HDF5Error) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw HDF5Error(file: path, operation: "open the file", reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw HDF5Error(file: path, operation: "open the file", reason: "it is a directory")
    }
    guard Self.isHDF5(path) else {
      let kind = FileKind(path: path).map { "; it is \($0.description)" } ?? ""
      throw HDF5Error(
        file: path, operation: "open the file", reason: "it has no HDF5 signature, so it is no HDF5 file\(kind)")
    }
    let size = Int(status.st_size)
    try Self.probe(path, FileVersion(status))
    let handle = try Self.open("open the file", path) { H5Fopen(path, caffe_h5_read_only(), $0) }
    try self.init(path: path, size: size, isConfined: isConfined, handle: handle)
  }

  /// Makes a file at `path`, or empties the one that is there, for writing.
  public convenience init(creating path: String) throws(HDF5Error) {
    let handle = try Self.open("create the file", path) {
      H5Fcreate(path, caffe_h5_truncate(), caffe_h5_default(), $0)
    }
    // What we write ourselves is under no suspicion, so no size is too large to read back.
    try self.init(path: path, size: Int(Int32.max), handle: handle)
  }

  /// Makes a file in memory, which `save()` brings to `path`.
  ///
  /// So the library never meets a disk that is full: it cannot always close a file that it could not write, and then ends the
  /// process.
  public convenience init(inMemoryFor path: String) throws(HDF5Error) {
    let operation = "make the file"
    let access = try HDF5Handle(operation, in: path, release: H5Pclose, open: caffe_h5_memory_access)
    // Files in memory are told apart by their names.
    let number = Self.memoryCount.wrappingAdd(1, ordering: .relaxed).oldValue
    let handle = try HDF5Handle(operation, in: path, release: H5Fclose) {
      H5Fcreate("\(path) \(number)", caffe_h5_exclusive(), caffe_h5_default(), access.id)
    }
    try self.init(path: path, size: Int(Int32.max), handle: handle)
  }

  private static let memoryCount = Atomic(0)

  /// Files that a child process came through, so that a list of files that is read again and again costs one child each.
  // Safe to share: only touched under the library's lock. A mutex of its own could be another thread's when the process forks.
  nonisolated(unsafe) private static var harmless: Set<FileVersion> = []

  /// Has a process that nobody needs go through the file first, as the library crashes on many damaged ones.
  private static func probe(_ path: String, _ version: FileVersion) throws(HDF5Error) {
    if HDF5Library.locked({ harmless.contains(version) }) { return }
    let access = try HDF5Handle("open the file", in: path, release: H5Pclose, open: caffe_h5_file_access)
    let seconds = CUnsignedInt(clamping: 10 + version.size / 10_000_000)
    let (answer, cause) = HDF5Library.locked { (caffe_h5_is_harmless(path, access.id, seconds), errno) }
    guard answer >= 0 else {
      throw HDF5Error(
        file: path, operation: "open the file",
        reason: "no process could be started to see whether it is sound: \(String(cString: strerror(cause)))")
    }
    guard answer == 1 else {
      throw HDF5Error(
        file: path, operation: "open the file",
        reason: "the file is damaged: the HDF5 library crashes or does not come to an end when it reads it")
    }
    HDF5Library.locked {
      if harmless.count >= 4096 { harmless.removeAll() }
      harmless.insert(version)
    }
  }

  /// Opens the file at `path`, which we made, to write more into it.
  convenience init(extending path: String) throws(HDF5Error) {
    let handle = try Self.open("open the file", path) { H5Fopen(path, caffe_h5_read_write(), $0) }
    try self.init(path: path, size: Int(Int32.max), handle: handle)
  }

  private init(path: String, size: Int, isConfined: Bool = false, handle: HDF5Handle) throws(HDF5Error) {
    self.path = path
    self.handle = handle
    root = try HDF5Group(opening: "/", in: handle, file: HDF5Origin(path: path, size: size, isConfined: isConfined))
  }

  /// Opens a file with the access that suits us.
  ///
  /// A locked file is tried for another 100 ms: a process that is being started holds, for a moment, whatever its parent had
  /// open, and the lock with it.
  private static func open(
    _ operation: String, _ path: String, _ open: (_ access: hid_t) -> hid_t
  ) throws(HDF5Error) -> HDF5Handle {
    let access = try HDF5Handle(operation, in: path, release: H5Pclose, open: caffe_h5_file_access)
    var trials = 20
    while true {
      do {
        return try HDF5Handle(operation, in: path, release: H5Fclose) { open(access.id) }
      } catch {
        guard error.reason.contains("unable to lock the file") else { throw error }
        if trials == 0 {
          throw HDF5Error(
            file: path, operation: operation,
            reason: """
              another process has it open and locked; wait for that one, or set HDF5_USE_FILE_LOCKING=FALSE in the environment \
              to do without locks
              """)
        }
      }
      trials -= 1
      usleep(5000)
    }
  }

  /// Hands everything written so far to the operating system; a full disk shows here.
  public func flush() throws(HDF5Error) {
    try hdf5("write the file", in: path) { H5Fflush(handle.id, H5F_SCOPE_GLOBAL) }
  }

  /// Writes what is left to write and closes the file, of whose objects only `root` may still be there.
  ///
  /// Where nobody calls this, the file is closed with the last of its objects, and nobody learns whether that worked.
  public func close() throws(HDF5Error) {
    try flush()
    try root.handle.close("write the file", in: path)
    try handle.close("write the file", in: path)
  }

  /// Writes a file that was made in memory to its path: wholly or not at all.
  public func save() throws {
    try flush()
    let size = try hdf5("write the file", in: path) { caffe_h5_memory_size(handle.id) }
    guard let bytes = HDF5Library.locked({ caffe_h5_memory(handle.id) }) else {
      throw HDF5Error(file: path, operation: "write the file", reason: "it was not made in memory")
    }
    try AtomicFile.write(UnsafeRawBufferPointer(start: bytes, count: size), to: path)
  }

  /// Whether the file at `path` carries the HDF5 signature, at its start or behind a user block of 512 · 2ⁿ bytes.
  ///
  /// Never so for a pipe, whose bytes are not to be used up.
  public static func isHDF5(_ path: String) -> Bool {
    guard !isStream(path), let file = fopen(path, "rb") else { return false }
    defer { fclose(file) }
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    var offset = 0
    var bytes = [UInt8](repeating: 0, count: signature.count)
    while fseek(file, offset, SEEK_SET) == 0, fread(&bytes, 1, bytes.count, file) == bytes.count {
      if bytes == signature { return true }
      offset = offset == 0 ? 512 : offset * 2
    }
    return false
  }
}

/// Where an object comes from: what errors name and what bounds the sizes it may claim.
struct HDF5Origin {
  var path: String
  var size: Int
  /// Whether what it holds must all lie in it.
  var isConfined = false

  /// The most bytes that data in a file of this size can unfold to: deflate reaches 1032 to 1 at best.
  var capacity: Int { size * 1032 }
}

/// What a file holds, as far as the file system tells: a file that was written since is another.
private struct FileVersion: Hashable {
  let device: dev_t
  let number: ino_t
  let size: Int
  let seconds: Int
  let nanoseconds: Int

  init(_ status: stat) {
    device = status.st_dev
    number = status.st_ino
    size = Int(status.st_size)
    #if canImport(Darwin)
      let modified = status.st_mtimespec
    #else
      let modified = status.st_mtim
    #endif
    (seconds, nanoseconds) = (modified.tv_sec, modified.tv_nsec)
  }
}
