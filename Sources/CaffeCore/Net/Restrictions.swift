package import CaffeProto

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What a net of unknown origin may not do: run code that comes with it, use files outside of one folder, or take more memory
/// than a limit. See `docs/threat-model.md`.
public struct Restrictions: Hashable, Sendable {
  /// The folder, with all links followed.
  public let folder: String
  /// In bytes.
  public let memoryLimit: Int

  public static let usualMemoryLimit = 4 << 30

  /// - Throws: `NetError` when there is no such folder.
  public init(folder: String, memoryLimit: Int = usualMemoryLimit) throws(NetError) {
    guard let resolved = resolvedPath(folder.isEmpty ? "." : folder) else {
      throw NetError("the folder \(folder) cannot be found", remedy: "correct the path")
    }
    self.folder = resolved
    self.memoryLimit = memoryLimit
  }

  /// Allows what lies in the folder of a file.
  public init(besides file: String, memoryLimit: Int = usualMemoryLimit) throws(NetError) {
    // A link in place of the file does not open the folder that it leads to.
    try self.init(folder: AtomicFile.folder(of: file), memoryLimit: memoryLimit)
  }

  // MARK: Files

  /// Makes sure that a file or a folder, which need not be there yet, lies in the folder, wherever links and `..` lead.
  ///
  /// Of a folder, such as a database, the files in it are looked at too.
  public func check(_ path: String) throws(NetError) {
    try checkPlace(of: path)
    for entry in try entries(of: path) { try checkPlace(of: "\(path)/\(entry)") }
  }

  private func checkPlace(of path: String) throws(NetError) {
    // Opening a pipe waits for whoever writes into it.
    if isStream(path) { throw refusal(path, "is neither a file nor a folder") }
    guard let place = resolvedPath(path) ?? placeOfNewFile(path) else { throw refusal(path, "leads nowhere") }
    guard place == folder || place.hasPrefix(folder == "/" ? "/" : folder + "/") else {
      throw refusal(path, "leads out of the folder \(folder)")
    }
  }

  private func refusal(_ path: String, _ problem: String) -> NetError {
    NetError(
      "the file '\(path)' \(problem), and the net is not trusted",
      remedy: "put it into the folder of the net, or trust the net if you know where it comes from")
  }

  /// Where a file would be made; nil for a link that leads nowhere, as who makes such a file makes it at the other end.
  private func placeOfNewFile(_ path: String) -> String? {
    var status = stat()
    guard lstat(path, &status) != 0, errno == ENOENT, let parent = resolvedPath(AtomicFile.folder(of: path)) else {
      return nil
    }
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    return name == ".." || name == "." ? nil : "\(parent)/\(name)"
  }

  /// What is in a folder; nothing for a file.
  private func entries(of path: String) throws(NetError) -> [String] {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [] }
    let names: [[UInt8]]
    do { names = try entryNames(in: Array(path.utf8)) } catch { throw refusal(path, "cannot be listed (\(error))") }
    return try names.map { (name) throws(NetError) in
      // Such a name would lead elsewhere than its nearest text does.
      guard let text = String(validating: name, as: UTF8.self) else {
        throw refusal(path, "holds a file whose name is no UTF-8")
      }
      return text
    }
  }

  // MARK: Memory

  /// Makes sure that so many bytes may be taken.
  public func check(bytes: Int, for purpose: String) throws(NetError) {
    guard bytes <= memoryLimit else {
      throw NetError(
        "\(purpose) would take \(bytes == .max ? "too many" : "\(bytes)") bytes, but the limit is \(memoryLimit)",
        remedy: "raise the limit with -memory_limit (memory_limit= in Python), or take a smaller batch")
    }
  }
}

/// The path with all links followed, or nil if it leads nowhere.
private func resolvedPath(_ path: String) -> String? {
  guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

extension LayerDefinition {
  /// The files that the layer names. Where such a file is a list, the layer looks at what the list names.
  package var files: [String] {
    [
      transformParam.meanFile, dataParam.source, dataParam.meanFile, imageDataParam.source, imageDataParam.meanFile,
      windowDataParam.source, windowDataParam.meanFile, hdf5DataParam.source, hdf5OutputParam.fileName,
      infogainLossParam.source,
    ].filter { !$0.isEmpty }
  }
}
