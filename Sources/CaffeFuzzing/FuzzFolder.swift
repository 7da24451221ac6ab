internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A folder for the files of one input, in memory where the system has such a place.
struct FuzzFolder {
  let path: String

  private static let parent =
    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path

  init() {
    var template = Array("\(Self.parent)/caffe-fuzzing-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? Self.parent
  }

  func remove() { if path != Self.parent { try? FileManager.default.removeItem(atPath: path) } }

  /// Writes a file and gives its path.
  func write(_ bytes: some Collection<UInt8>, as name: String) throws(FuzzFinding) -> String {
    let file = "\(path)/\(name)"
    do { try Data(bytes).write(to: URL(filePath: file)) } catch { throw FuzzFinding("cannot write \(file)") }
    return file
  }

  /// Writes a text in which every `$` stands for this folder.
  func write(text: [UInt8], as name: String) throws(FuzzFinding) -> String {
    let path = Array(path.utf8)
    return try write(text.flatMap { $0 == UInt8(ascii: "$") ? path : [$0] }, as: name)
  }

  /// The bytes of a file here.
  func bytes(of name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }
}
